/**
 * Reads items by their keys. Reads that are asked for at the same time are merged: a batch of a
 * hundred counters, or a history, is one BatchGetItem, and a single counter one GetItem.
 */
import { BatchGetCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import DataLoader from 'dataloader';
import { repeat } from '../rules/backoff.ts';
import { limits } from '../rules/limits.ts';
import { StoreUnavailableError } from '../store/store-errors.ts';
import type { Table } from './dynamo-clients.ts';
import { readFailure } from './dynamo-errors.ts';
import type { Item } from './item.ts';
import type { ItemKey } from './item-keys.ts';

/** @returns items in the order of their keys; undefined for an item that does not exist */
export type ReadItems = (
  keys: readonly ItemKey[],
  options: { consistent: boolean },
) => Promise<(Item | undefined)[]>;

export function createItemReader({
  clients,
  tableName,
  random,
  pause,
}: Table & {
  /** In [0, 1): spreads repeated calls. */
  random: () => number;
  /** Resolves after that many ms. */
  pause: (ms: number) => Promise<unknown>;
}): ReadItems {
  async function readOne(key: ItemKey, consistent: boolean): Promise<Item[]> {
    const { Item } = await clients.retrying.send(
      new GetCommand({ TableName: tableName, Key: key, ConsistentRead: consistent }),
    );
    return Item ? [Item] : [];
  }

  /** A throttled DynamoDB may answer only some of the keys; the others are read again. */
  async function readChunk(keys: readonly ItemKey[], consistent: boolean): Promise<Item[]> {
    const items: Item[] = [];
    let unread: Record<string, unknown>[] = keys.map((key) => ({ ...key }));
    async function readRest(): Promise<void> {
      const { Responses, UnprocessedKeys } = await clients.retrying.send(
        new BatchGetCommand({
          RequestItems: { [tableName]: { Keys: unread, ConsistentRead: consistent } },
        }),
      );
      items.push(...(Responses?.[tableName] ?? []));
      unread = UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
    await repeat(readRest, {
      attempts: limits.batchGetRounds,
      isToRepeat: () => unread.length > 0,
      random,
      pause,
    });
    if (unread.length > 0) throw new StoreUnavailableError('the database left keys unread');
    return items;
  }

  async function readAll(
    keys: readonly ItemKey[],
    consistent: boolean,
  ): Promise<(Item | undefined)[]> {
    // BatchGetItem refuses duplicate keys.
    const distinct = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
    const [onlyKey] = distinct;
    const found =
      onlyKey && distinct.length === 1
        ? await readOne(onlyKey, consistent)
        : (
            await Promise.all(chunksOf(distinct).map((chunk) => readChunk(chunk, consistent)))
          ).flat();
    const items = new Map(found.map((item) => [nameOf(item), item]));
    return keys.map((key) => items.get(nameOf(key)));
  }

  const createLoader = (consistent: boolean) =>
    new DataLoader((keys: readonly ItemKey[]) => readAll(keys, consistent), { cache: false });
  const loaders = { consistent: createLoader(true), eventual: createLoader(false) };

  return async (keys, { consistent }) => {
    const loader = consistent ? loaders.consistent : loaders.eventual;
    try {
      return await Promise.all(keys.map((key) => loader.load(key)));
    } catch (error) {
      throw error instanceof StoreUnavailableError ? error : readFailure(error);
    }
  };
}

const nameOf = (item: Item | ItemKey): string => `${String(item.pk)}\n${String(item.sk)}`;

function chunksOf(keys: readonly ItemKey[]): ItemKey[][] {
  const chunks: ItemKey[][] = [];
  for (let from = 0; from < keys.length; from += limits.batchGetKeys) {
    chunks.push(keys.slice(from, from + limits.batchGetKeys));
  }
  return chunks;
}
