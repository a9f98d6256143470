/** How many shards a counter's fold is spread over: the history of it, and what readers go by. */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { limits } from '../rules/limits.ts';
import { allWindowKey } from '../rules/windows.ts';
import type { FoldStore, GrowthKey } from '../store/fold-store.ts';
import { cellAttributes, cellWriters, growthAttributes } from './attributes.ts';
import { type DynamoClients, fromWire } from './dynamo-clients.ts';
import { expiryClause } from './expiry-clause.ts';
import { growthList, parseGrowth } from './growth-items.ts';
import { cellItemKey, growthItemKey, type ItemKey } from './item-keys.ts';

const { growth, expiresAt } = growthAttributes;
const { shardCount, writer } = cellAttributes;
const keepMs = limits.keepGrowthDays * 86_400_000;

const itemKey = (key: GrowthKey): ItemKey =>
  key.hasAll ? cellItemKey({ ...key, shard: 0, window: allWindowKey }) : growthItemKey(key);

/** Epoch seconds until which a growth item stays; the cell of the window `all` has no expiry. */
const expiryOf = ({ hasAll }: GrowthKey, nowMs: number): number | undefined =>
  hasAll ? undefined : Math.ceil((nowMs + keepMs) / 1000);

export function createDynamoGrowth({
  clients: { retrying },
  tableName: TableName,
}: {
  clients: DynamoClients;
  tableName: string;
}): Pick<FoldStore, 'readGrowth' | 'grow' | 'raiseShardCount'> {
  /**
   * An item that is past its expiry still says what its counter is spread over, until DynamoDB
   * deletes it: two deliveries of a record must not read it differently.
   */
  const readGrowth: FoldStore['readGrowth'] = async (key, nowMs) => {
    const { Item = {} } = await retrying.send(
      new GetCommand({ TableName, Key: itemKey(key), ConsistentRead: true }),
    );
    const isExpiring = !key.hasAll && Number(Item[expiresAt]) * 1000 < nowMs + keepMs / 2;
    if (!isExpiring) return parseGrowth(Item[growth]);
    try {
      await retrying.send(
        new UpdateCommand({
          TableName,
          Key: itemKey(key),
          UpdateExpression: `SET ${expiresAt} = :x`,
          ConditionExpression: `attribute_exists(${growth})`,
          ExpressionAttributeValues: { ':x': expiryOf(key, nowMs) },
        }),
      );
      return parseGrowth(Item[growth]);
    } catch (error) {
      // DynamoDB has deleted it in between.
      if (error instanceof ConditionalCheckFailedException) return [];
      throw error;
    }
  };

  const grow: FoldStore['grow'] = async (key, { seen, next, nowMs }) => {
    const expiry = expiryOf(key, nowMs);
    const asWriter = key.hasAll ? `, ${writer} = :writer` : '';
    try {
      await retrying.send(
        new UpdateCommand({
          TableName,
          Key: itemKey(key),
          UpdateExpression: `SET ${growth} = :next${asWriter}${expiry === undefined ? '' : `, ${expiresAt} = :x`}`,
          ConditionExpression:
            seen.length === 0 ? `attribute_not_exists(${growth})` : `${growth} = :seen`,
          ExpressionAttributeValues: {
            ':next': growthList(next),
            ':seen': seen.length === 0 ? undefined : growthList(seen),
            ':writer': key.hasAll ? cellWriters.fold(key.region) : undefined,
            ':x': expiry,
          },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return next;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return parseGrowth(fromWire(error.Item)[growth]);
    }
  };

  const raiseShardCount: FoldStore['raiseShardCount'] = async (key, { to, expiresAt: expiry }) => {
    const Key = cellItemKey(key);
    // Counts only rise, so an old one that is enough is right; and reading it is cheap.
    const { Item = {} } = await retrying.send(new GetCommand({ TableName, Key }));
    const now = Item[shardCount];
    if (typeof now === 'number' && now >= to) return now;
    try {
      await retrying.send(
        new UpdateCommand({
          TableName,
          Key,
          UpdateExpression: `SET ${shardCount} = :to, ${writer} = :writer${expiryClause(expiry)}`,
          ConditionExpression: `attribute_not_exists(${shardCount}) OR ${shardCount} < :to`,
          ExpressionAttributeValues: {
            ':to': to,
            ':writer': cellWriters.fold(key.region),
            ':x': expiry,
          },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return to;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const there = fromWire(error.Item)[shardCount];
      return typeof there === 'number' ? there : undefined;
    }
  };

  return { readGrowth, grow, raiseShardCount };
}
