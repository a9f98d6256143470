import { isDeepStrictEqual } from 'node:util';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type {
  EnterOutcome,
  PutOutcome,
  RegisterKey,
  RegisterStore,
  TokenForm,
  TokenKey,
} from '../store/register-store.ts';
import { OutcomeUnknownError } from '../store/store-errors.ts';
import { tokenAttributes } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { isContention, isOutcomeUnknown, readFailure, writeFailure } from './dynamo-errors.ts';
import { entryName, pageItemKey, registerItemKey, tokenItemKey } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';
import { barUpdate, cutUpdate, enterUpdate } from './register-expressions.ts';
import {
  pageItem,
  parseEntries,
  parseRegister,
  parseTokenForm,
  tokenFormItem,
} from './register-items.ts';

const { claimedAtMs: claimedAtName, expiresAt: expiresAtName } = tokenAttributes;

export function createDynamoRegisterStore({
  clients,
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): RegisterStore {
  const { retrying } = clients;

  async function putIfAbsent(key: TokenKey, form: TokenForm): Promise<PutOutcome> {
    try {
      await retrying.send(
        new PutCommand({
          TableName,
          Item: { ...tokenItemKey(key), ...tokenFormItem(form) },
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { outcome: 'put', isSure: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw writeFailure(error);
      const seen = parseTokenForm(fromWire(error.Item));
      // An attempt of this very call put it, and its reply was lost.
      const isOwn = isOutcomeUnknown(error) && isDeepStrictEqual(seen, form);
      return isOwn ? { outcome: 'put', isSure: false } : { outcome: 'seen', form: seen };
    }
  }

  /** DynamoDB removes what has expired hours later; then it is in the way. */
  async function removeExpired(key: TokenKey, { expiresAt }: TokenForm): Promise<void> {
    try {
      await retrying.send(
        new DeleteCommand({
          TableName,
          Key: tokenItemKey(key),
          ConditionExpression: `${expiresAtName} = :x`,
          ExpressionAttributeValues: { ':x': expiresAt },
        }),
      );
    } catch (error) {
      // Somebody else did, or prolonged it.
      if (error instanceof ConditionalCheckFailedException) return;
      throw writeFailure(error);
    }
  }

  const put: RegisterStore['put'] = async (key, form, nowMs) => {
    const first = await putIfAbsent(key, form);
    if (first.outcome === 'put' || first.form.expiresAt * 1000 > nowMs) return first;
    await removeExpired(key, first.form);
    return putIfAbsent(key, form);
  };

  async function update(
    key: RegisterKey,
    expression: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
  ): Promise<EnterOutcome> {
    try {
      const { Attributes } = await clients.once.send(
        new UpdateCommand({
          TableName,
          Key: registerItemKey(key),
          ...expression,
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { outcome: 'entered', register: parseRegister(Attributes ?? {}) };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return { outcome: 'refused', register: parseRegister(fromWire(error.Item)) };
      }
      if (isContention(error)) return { outcome: 'throttled' };
      const failure = writeFailure(error);
      if (failure instanceof OutcomeUnknownError) return { outcome: 'unanswered' };
      throw failure;
    }
  }

  const pageAfter: RegisterStore['pageAfter'] = async (key, claimedAtMs) => {
    const { pk, sk: from } = pageItemKey(key, claimedAtMs + 1);
    const { sk } = registerItemKey(key);
    try {
      const { Items = [] } = await retrying.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': `${sk}#~` },
          ConsistentRead: true,
          Limit: 1,
        }),
      );
      return Items[0] && parseEntries(Items[0]);
    } catch (error) {
      throw readFailure(error);
    }
  };

  const moveClaim: RegisterStore['moveClaim'] = async (key, { from, to, use, expiresAt }) => {
    const sets = [
      `${claimedAtName} = :to`,
      `${expiresAtName} = :x`,
      ...(use
        ? [
            `${tokenAttributes.fingerprint} = :fingerprint`,
            `${tokenAttributes.windows} = :windows`,
            `${tokenAttributes.shard} = :shard`,
          ]
        : []),
    ];
    try {
      await retrying.send(
        new UpdateCommand({
          TableName,
          Key: tokenItemKey(key),
          UpdateExpression: `SET ${sets.join(', ')}`,
          ConditionExpression: `${claimedAtName} = :from`,
          ExpressionAttributeValues: {
            ':from': from,
            ':to': to,
            ':fingerprint': use?.fingerprint,
            ':windows': use?.windows,
            ':shard': use?.shard,
            ':x': expiresAt,
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw writeFailure(error);
    }
  };

  const putPage: RegisterStore['putPage'] = async (key, { cutOffMs, page }, expiresAt) => {
    const Item = { ...pageItemKey(key, cutOffMs), ...pageItem(page, expiresAt) };
    try {
      await clients.once.send(new PutCommand({ TableName, Item }));
    } catch (error) {
      throw writeFailure(error);
    }
  };

  const cut: RegisterStore['cut'] = async (key, turn) => {
    try {
      await clients.once.send(
        new UpdateCommand({ TableName, Key: registerItemKey(key), ...cutUpdate(turn) }),
      );
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return;
      throw writeFailure(error);
    }
  };

  return {
    entryName,
    put,
    async read(key, options) {
      const [item] = await readItems([registerItemKey(key)], options);
      return parseRegister(item ?? {});
    },
    enter: (key, entry, change) => update(key, enterUpdate(entry, change)),
    bar: (key, entry, expiresAt) => update(key, barUpdate(entry, expiresAt)),
    pageAfter,
    moveClaim,
    putPage,
    cut,
  };
}
