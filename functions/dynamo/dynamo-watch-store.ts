import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { limits } from '../rules/limits.ts';
import type { Watch, WatchStore } from '../store/watch-store.ts';
import { watchAttributes as names } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { writeFailure } from './dynamo-errors.ts';
import type { Item } from './item.ts';
import { watchItemKey } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';

export function createDynamoWatchStore({
  clients: { retrying },
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): WatchStore {
  return {
    async read(key) {
      const [item] = await readItems([watchItemKey(key)], { consistent: true });
      return item && parseWatch(item);
    },

    async listen(key, untilMs) {
      try {
        await retrying.send(
          new UpdateCommand({
            TableName,
            Key: watchItemKey(key),
            UpdateExpression: `SET ${names.untilMs} = :until, ${names.expiresAt} = :x`,
            ExpressionAttributeValues: {
              ':until': untilMs,
              ':x': Math.ceil(untilMs / 1000) + limits.keepWatchSeconds,
            },
          }),
        );
      } catch (error) {
        throw writeFailure(error);
      }
    },

    async step(key, { id, after, sentAtMs }) {
      const change =
        sentAtMs === undefined
          ? `SET ${names.step} = :id, ${names.leased} = :leased`
          : `SET ${names.step} = :id, ${names.sentAtMs} = :sent REMOVE ${names.leased}`;
      // An item that nobody listens by any more is gone, and must not come back without an expiry.
      const isLast =
        after === undefined ? `attribute_not_exists(${names.step})` : `${names.step} = :after`;
      try {
        await retrying.send(
          new UpdateCommand({
            TableName,
            Key: watchItemKey(key),
            UpdateExpression: change,
            ConditionExpression: `attribute_exists(${names.untilMs}) AND ${isLast}`,
            ExpressionAttributeValues: {
              ':id': id,
              ':after': after,
              ':sent': sentAtMs,
              ':leased': sentAtMs === undefined ? 1 : undefined,
            },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return { made: true };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw writeFailure(error);
        const watch = error.Item && parseWatch(fromWire(error.Item));
        // It was made by an attempt whose reply was lost.
        return watch?.step === id ? { made: true } : { made: false, watch };
      }
    },
  };
}

const parseWatch = (item: Item): Watch => ({
  untilMs: Number(item[names.untilMs] ?? 0),
  sentAtMs: item[names.sentAtMs] === undefined ? undefined : Number(item[names.sentAtMs]),
  step: item[names.step] === undefined ? undefined : String(item[names.step]),
  isLeased: item[names.leased] !== undefined,
});
