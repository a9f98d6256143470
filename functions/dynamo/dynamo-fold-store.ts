import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { retryPauseMs } from '../rules/backoff.ts';
import type { FoldEntry } from '../rules/fold.ts';
import { limits } from '../rules/limits.ts';
import { staleWatermarks, toWatermark, unfolded, watermarkName } from '../rules/watermarks.ts';
import type { Cell, CellKey } from '../store/cell-store.ts';
import type { CellFold, FoldStore } from '../store/fold-store.ts';
import { cellAttributes as names } from './attributes.ts';
import { type DynamoClients, fromWire } from './dynamo-clients.ts';
import { isContention } from './dynamo-errors.ts';
import { expiryClause } from './expiry-clause.ts';
import type { Item } from './item.ts';
import { cellItemKey } from './item-keys.ts';
import { parseCell, partAttribute, partOfAttribute } from './items.ts';

/** What is believed of the cell when an update is tried; the condition makes sure of it. */
interface Belief {
  readonly watermark: string | undefined;
  /** Before that, any watermark below the first entry will do. */
  readonly isLookedAt: boolean;
  readonly entries: readonly FoldEntry[];
  readonly updatedAtMs: number;
}

/** What came of an update: done, not done because the cell is otherwise than believed, or kept off it. */
type Tried =
  | { readonly outcome: 'folded' | 'otherwise'; readonly item: Item }
  | { readonly outcome: 'contended' }
  | { readonly outcome: 'malformed' };

export function createDynamoFoldStore({
  clients,
  tableName: TableName,
  random,
  pause,
}: {
  clients: DynamoClients;
  tableName: string;
  /** In [0, 1): spreads repeated calls. */
  random: () => number;
  /** Resolves after that many ms. */
  pause: (ms: number) => Promise<unknown>;
}): FoldStore {
  async function fold(request: CellFold): Promise<Cell | undefined> {
    const mark = watermarkName(request.streamShardId);
    let belief: Belief = {
      watermark: undefined,
      isLookedAt: false,
      entries: request.entries,
      updatedAtMs: request.datedMs,
    };
    // Cells of several stream shards may be folded at once; each failed try has seen another's success.
    for (let attempt = 0; attempt < limits.foldAttempts; attempt++) {
      const tried = await tryFold(request, mark, belief);
      if (tried.outcome === 'malformed') return undefined;
      if (tried.outcome === 'contended') {
        await pause(retryPauseMs(attempt, random()));
        continue;
      }
      if (tried.outcome === 'folded') {
        await prune(request, mark, tried.item);
        return parseCell(tried.item);
      }
      if (isMalformed(tried.item, [mark])) return undefined;
      belief = corrected(request, mark, tried.item, attempt);
      if (belief.entries.length === 0) return parseCell(tried.item);
    }
    throw new Error(`a cell of ${request.key.subject} changed faster than it could be folded`);
  }

  async function tryFold(
    { key, expiresAt }: CellFold,
    mark: string,
    { watermark, isLookedAt, entries, updatedAtMs }: Belief,
  ): Promise<Tried> {
    const notSeen = 'attribute_not_exists(#mark)';
    const asSeen = watermark === undefined ? notSeen : '#mark = :seen';
    const unmoved = isLookedAt ? asSeen : `(${notSeen} OR #mark < :first)`;
    // Strictly later, so that of two totals of one cell the time tells which is newer.
    const later = `(attribute_not_exists(${names.updatedAtMs}) OR ${names.updatedAtMs} < :now)`;
    const sums = sumsOf(entries);
    try {
      const { Attributes } = await clients.retrying.send(
        new UpdateCommand({
          TableName,
          Key: cellItemKey(key),
          UpdateExpression: `ADD ${sums.map((_, index) => `#sum${index} :sum${index}`).join(', ')} SET #mark = :last, ${names.updatedAtMs} = :now${expiryClause(expiresAt)}`,
          ConditionExpression: `${unmoved} AND ${later}`,
          ExpressionAttributeNames: {
            '#mark': mark,
            ...Object.fromEntries(sums.map(([name], index) => [`#sum${index}`, name])),
          },
          ExpressionAttributeValues: {
            ...Object.fromEntries(sums.map(([, sum], index) => [`:sum${index}`, sum])),
            ':last': watermarkOf(entries.at(-1)),
            ':first': isLookedAt ? undefined : watermarkOf(entries[0]),
            ':seen': watermark,
            ':now': updatedAtMs,
            ':x': expiresAt,
          },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { outcome: 'folded', item: Attributes ?? {} };
    } catch (error) {
      if (isContention(error)) return { outcome: 'contended' };
      if (error instanceof ConditionalCheckFailedException) {
        return { outcome: 'otherwise', item: fromWire(error.Item) };
      }
      // Retrying can never succeed, and would block every record behind it.
      if (await isOfMalformed(error, key, [mark, ...sums.map(([name]) => name)])) {
        return { outcome: 'malformed' };
      }
      throw error;
    }
  }

  /** Whether an update was refused because the cell holds what is none of Tally's, such as a count in words. */
  async function isOfMalformed(
    error: unknown,
    key: CellKey,
    attributes: readonly string[],
  ): Promise<boolean> {
    if (!(error instanceof Error && error.name === 'ValidationException')) return false;
    const { Item = {} } = await clients.retrying.send(
      new GetCommand({ TableName, Key: cellItemKey(key), ConsistentRead: true }),
    );
    return isMalformed(Item, attributes);
  }

  /**
   * A few bytes per stream shard would add up over the years, and buckets of viewers within hours.
   * Taking them out costs one write in hours, or in some heartbeats.
   */
  async function prune(
    { key, nowMs, isPartOver }: CellFold,
    current: string,
    item: Item,
  ): Promise<void> {
    const present = Object.keys(item);
    const over = present.filter((name) => isPartOver(partOfAttribute(name) ?? ''));
    const stale = [
      ...staleWatermarks(present, { current, nowMs }),
      ...(over.length < limits.bucketsOver ? [] : over),
    ];
    if (stale.length === 0) return;
    await clients.retrying.send(
      new UpdateCommand({
        TableName,
        Key: cellItemKey(key),
        UpdateExpression: `REMOVE ${stale.map((_, index) => `#stale${index}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(
          stale.map((name, index) => [`#stale${index}`, name]),
        ),
      }),
    );
  }

  return { fold };
}

/** What is to be added to which attribute. */
function sumsOf(entries: readonly FoldEntry[]): [name: string, sum: bigint][] {
  const byName = Map.groupBy(entries, ({ part }) =>
    part === undefined ? names.count : partAttribute(part),
  );
  return [...byName].map(([name, same]) => [
    name,
    same.reduce((sum, { amount }) => sum + BigInt(amount), 0n),
  ]);
}

/** Whether the time of a cell, or one of these watermarks and counts, is of another type than Tally writes. */
const isMalformed = (item: Item, attributes: readonly string[]): boolean =>
  [names.updatedAtMs, ...attributes].some((name) => {
    const types = name.startsWith('w') ? ['string'] : ['number', 'bigint'];
    return item[name] !== undefined && !types.includes(typeof item[name]);
  });

/**
 * What the old item of a failed condition teaches. The next try dates the cell the later, the more
 * have failed: others write to a hot cell all the time, and date it by their clocks.
 */
function corrected(
  { entries, datedMs }: CellFold,
  mark: string,
  item: Item,
  attempt: number,
): Belief {
  const stored = item[mark];
  const watermark = typeof stored === 'string' ? stored : undefined;
  return {
    watermark,
    isLookedAt: true,
    entries: unfolded(entries, watermark),
    updatedAtMs: Math.max(datedMs, Number(item[names.updatedAtMs] ?? 0) + 4 ** attempt),
  };
}

const watermarkOf = (entry: FoldEntry | undefined): string => toWatermark(entry?.sequence ?? '0');
