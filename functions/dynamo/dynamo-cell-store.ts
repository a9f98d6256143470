import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { CellStore } from '../store/cell-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import { cellWriters, cellAttributes as names } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { writeFailure } from './dynamo-errors.ts';
import { expiryClause } from './expiry-clause.ts';
import { cellItemKey } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';
import { parseCell } from './items.ts';

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
