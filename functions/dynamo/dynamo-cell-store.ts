import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { fitsBounds } from '../rules/bounds.ts';
import type { CellChange, CellStore } from '../store/cell-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import { cellWriters, cellAttributes as names } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { isContention, writeFailure } from './dynamo-errors.ts';
import { expiryClause } from './expiry-clause.ts';
import { cellItemKey } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';
import { parseCell } from './items.ts';
import {
  isOnlyCell,
  removeOtherWindows,
  setOtherWindows,
  withinAllowed,
} from './register-expressions.ts';

export function createDynamoCellStore({
  clients,
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): CellStore {
  return {
    async readCells(keys, options) {
      const items = await readItems(keys.map(cellItemKey), options);
      return items.map((item) => item && parseCell(item));
    },

    async add(change) {
      try {
        const { Attributes } = await clients.once.send(
          new UpdateCommand({
            TableName,
            Key: cellItemKey(change.key),
            ...addUpdate(change),
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return { outcome: 'added', cell: parseCell(Attributes ?? {}) };
      } catch (error) {
        if (isContention(error)) return { outcome: 'throttled' };
        if (error instanceof ConditionalCheckFailedException) {
          return { outcome: 'out_of_bounds', cell: parseCell(fromWire(error.Item)) };
        }
        throw writeFailure(error);
      }
    },

    async growShards(key, { from, to, expiresAt }) {
      const asAssumed = `${names.shardCount} = :from`;
      try {
        await clients.once.send(
          new UpdateCommand({
            TableName,
            Key: cellItemKey(key),
            UpdateExpression: `SET ${names.shardCount} = :to, ${names.writer} = :writer${expiryClause(expiresAt)}`,
            ConditionExpression:
              from === 1 ? `attribute_not_exists(${names.shardCount}) OR ${asAssumed}` : asAssumed,
            ExpressionAttributeValues: {
              ':from': from,
              ':to': to,
              ':writer': cellWriters.direct,
              ':x': expiresAt,
            },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return to;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) {
          return parseCell(fromWire(error.Item)).shardCount;
        }
        const failure = writeFailure(error);
        // Growth only makes later writes cheaper: the next writer that meets contention asks again.
        if (failure instanceof StoreUnavailableError) return from;
        if (failure instanceof OutcomeUnknownError) return from;
        throw failure;
      }
    },
  };
}

function addUpdate({ amount, otherWindows, nowMs, expiresAt, allowed }: CellChange) {
  const within = withinAllowed(allowed, fitsBounds(0, allowed));
  const hasOthers = otherWindows.length > 0;
  const windows = hasOthers ? `, ${setOtherWindows}` : '';
  return {
    UpdateExpression: `ADD ${names.count} :amount, ${names.direct} :amount, ${names.version} :one SET ${names.updatedAtMs} = :now, ${names.writer} = :writer${windows}${expiryClause(expiresAt)}${hasOthers ? '' : ` ${removeOtherWindows}`}`,
    ...(within.length > 0 && { ConditionExpression: [...within, isOnlyCell].join(' AND ') }),
    ExpressionAttributeValues: {
      ':amount': amount,
      ':one': 1,
      ':now': nowMs,
      ':writer': cellWriters.direct,
      ':windows': hasOthers ? otherWindows : undefined,
      ':x': expiresAt,
      ':atLeast': allowed.atLeast,
      ':atMost': allowed.atMost,
    },
  };
}
