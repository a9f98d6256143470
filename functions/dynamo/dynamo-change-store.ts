import { isDeepStrictEqual } from 'node:util';
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type AllowedBefore, fitsBounds } from '../rules/bounds.ts';
import type {
  AddOutcome,
  CellChange,
  ChangeStore,
  SeenToken,
  Token,
  TokenOutcome,
} from '../store/change-store.ts';
import { cellAttributes as names } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { isContention, isOutcomeUnknown, writeFailure } from './dynamo-errors.ts';
import { expiryClause } from './expiry-clause.ts';
import { cellItemKey } from './item-keys.ts';
import { parseCell, parseSeenToken, tokenItem } from './items.ts';

export function createDynamoChangeStore({ clients, tableName: TableName }: Table): ChangeStore {
  async function add(change: CellChange): Promise<AddOutcome> {
    try {
      const { Attributes } = await clients.once.send(
        new UpdateCommand({
          TableName,
          ...addExpression(change),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { outcome: 'added', cell: parseCell(Attributes ?? {}) };
    } catch (error) {
      if (isContention(error)) return { outcome: 'contended', unknown: false };
      if (error instanceof ConditionalCheckFailedException) {
        return { outcome: 'out_of_bounds', cell: parseCell(fromWire(error.Item)) };
      }
      throw writeFailure(error);
    }
  }

  async function addWithToken(
    change: CellChange,
    token: Token,
  ): Promise<TokenOutcome | Exclude<AddOutcome, { outcome: 'added' }>> {
    try {
      await clients.retrying.send(
        new TransactWriteCommand({
          TransactItems: [
            { Put: { TableName, ...putIfAbsent(token, true) } },
            {
              Update: {
                TableName,
                ...addExpression(change),
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
          ],
        }),
      );
      return { outcome: 'accepted' };
    } catch (error) {
      if (error instanceof TransactionCanceledException) {
        const [tokenReason, cellReason] = error.CancellationReasons ?? [];
        if (tokenReason?.Code === 'ConditionalCheckFailed') {
          return seenToken({ error, item: tokenReason.Item, token, applied: true });
        }
        if (tokenReason?.Code === 'TransactionConflict') {
          return { outcome: 'token_in_use', unknown: isOutcomeUnknown(error) };
        }
        if (cellReason?.Code === 'ConditionalCheckFailed') {
          return { outcome: 'out_of_bounds', cell: parseCell(fromWire(cellReason.Item)) };
        }
      }
      if (isContention(error)) return { outcome: 'contended', unknown: isOutcomeUnknown(error) };
      throw writeFailure(error);
    }
  }

  async function defer(token: Token): Promise<TokenOutcome> {
    try {
      await clients.retrying.send(new PutCommand({ TableName, ...putIfAbsent(token, false) }));
      return { outcome: 'accepted' };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return seenToken({ error, item: error.Item, token, applied: false });
      }
      if (error instanceof TransactionConflictException) {
        return { outcome: 'token_in_use', unknown: isOutcomeUnknown(error) };
      }
      throw writeFailure(error);
    }
  }

  return { add, addWithToken, defer };
}

/** The parts of an UpdateItem (alone or in a transaction) that adds to a cell. */
function addExpression(change: CellChange) {
  const { amount, resetAway, resetAwayBefore, allowed } = change;
  const conditions = [withinAllowed(allowed), notResetSince(resetAwayBefore)].filter(
    (condition) => condition !== undefined,
  );
  return {
    Key: cellItemKey(change.key),
    UpdateExpression: `ADD ${names.count} :amount${resetAway === 0n ? '' : `, ${names.resetAway} :resetAway`} SET ${names.updatedAtMs} = :now${expiryClause(change.expiresAt)}`,
    ...(conditions.length === 0 ? {} : { ConditionExpression: conditions.join(' AND ') }),
    ExpressionAttributeValues: {
      ':amount': amount,
      ':resetAway': resetAway === 0n ? undefined : resetAway,
      ':resetAwayBefore': resetAwayBefore,
      ':now': change.nowMs,
      ':x': change.expiresAt,
      ':atLeast': allowed.atLeast,
      ':atMost': allowed.atMost,
    },
  };
}

function withinAllowed(allowed: AllowedBefore): string | undefined {
  const bounds = [
    allowed.atLeast === undefined ? undefined : `${names.count} >= :atLeast`,
    allowed.atMost === undefined ? undefined : `${names.count} <= :atMost`,
  ].filter((bound) => bound !== undefined);
  if (bounds.length === 0) return undefined;
  const present = bounds.join(' AND ');
  const here = fitsBounds(0, allowed)
    ? `(attribute_not_exists(${names.count}) OR (${present}))`
    : `(${present})`;
  // One of several cells does not know the sum of all.
  return `${here} AND attribute_not_exists(${names.shardCount})`;
}

function notResetSince(resetAwayBefore: bigint | undefined): string | undefined {
  if (resetAwayBefore === undefined) return undefined;
  const asBefore = `${names.resetAway} = :resetAwayBefore`;
  return resetAwayBefore === 0n
    ? `(attribute_not_exists(${names.resetAway}) OR ${asBefore})`
    : asBefore;
}

/** The token was there before; unless this very request put it there, and the reply was lost. */
function seenToken({
  error,
  item,
  token,
  applied,
}: {
  error: Error;
  item: Parameters<typeof fromWire>[0];
  token: Token;
  applied: boolean;
}): TokenOutcome {
  const seen = parseSeenToken(fromWire(item));
  const { fingerprint, windows, acceptedAtMs } = token;
  const own: SeenToken = { fingerprint, applied, windows, acceptedAtMs };
  const isOwn = isOutcomeUnknown(error) && isDeepStrictEqual(seen, own);
  return isOwn ? { outcome: 'accepted' } : { outcome: 'seen', seen };
}

function putIfAbsent(token: Token, applied: boolean) {
  return {
    Item: tokenItem(token, applied),
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}
