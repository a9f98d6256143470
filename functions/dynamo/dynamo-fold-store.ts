import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { retryPauseMs } from '../rules/backoff.ts';
import type { FoldEntry } from '../rules/fold.ts';
import { limits } from '../rules/limits.ts';
import { isMarkName, markName, toMark, unfolded } from '../rules/marks.ts';
import type { CellKey } from '../store/cell-store.ts';
import type { CellFold, CellState, FoldOutcome, FoldStore } from '../store/fold-store.ts';
import { cellAttributes, cellWriters } from './attributes.ts';
import { type DynamoClients, fromWire } from './dynamo-clients.ts';
import { isContention } from './dynamo-errors.ts';
import { createDynamoGrowth } from './dynamo-growth.ts';
import { expiryClause } from './expiry-clause.ts';
import { parseGrowth } from './growth-items.ts';
import type { Item } from './item.ts';
import { cellItemKey } from './item-keys.ts';
import { failedBatchesPartition } from './item-prefixes.ts';
import { parseCell, partAttribute } from './items.ts';

const { count, version, updatedAtMs, writer, growth } = cellAttributes;

/** What is assumed of the cell when an update is tried; the condition makes sure of it. */
type Assumption =
  /** Any mark below the first entry will do. */
  | { readonly isRead: false; readonly entries: readonly FoldEntry[] }
  | {
      readonly isRead: true;
      readonly mark: Uint8Array | undefined;
      readonly entries: readonly FoldEntry[];
    };

/** Result of an update: folded, stale (the cell differs from what was assumed), full, contended or malformed. */
type Attempt =
  | { readonly outcome: 'folded' | 'stale' | 'full'; readonly item: Item }
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
  const { retrying } = clients;

  async function fold(request: CellFold): Promise<FoldOutcome> {
    const mark = markName(request.streamShardId);
    let assumption: Assumption = { isRead: false, entries: request.entries };
    for (let attempt = 0; attempt < limits.foldAttempts; attempt++) {
      const tried = await tryFold(request, mark, assumption);
      if (tried.outcome === 'malformed') return tried;
      if (tried.outcome === 'contended') {
        await pause(retryPauseMs(attempt, random()));
        continue;
      }
      const { outcome, item } = tried;
      if (outcome !== 'stale') return { outcome, ...stateOf(item, mark) };
      if (isMalformed(item, [mark])) return { outcome: 'malformed' };
      if (request.expectsNoGrowth && item[growth] !== undefined) {
        return { outcome: 'grown', ...stateOf(item, mark) };
      }
      const stored = item[mark] instanceof Uint8Array ? item[mark] : undefined;
      assumption = { isRead: true, mark: stored, entries: unfolded(request.entries, stored) };
      if (assumption.entries.length === 0) return { outcome: 'folded', ...stateOf(item, mark) };
    }
    throw new Error(`a cell of ${request.key.subject} could not be folded: too many others wrote`);
  }

  async function tryFold(
    { key, expiresAt, expectsNoGrowth, nowMs }: CellFold,
    mark: string,
    assumption: Assumption,
  ): Promise<Attempt> {
    const { entries } = assumption;
    const sums = sumsOf(entries);
    const added = [...sums.map((_, index) => `#sum${index} :sum${index}`), `${version} :one`];
    const conditions = [
      unmovedMark(assumption),
      ...(expectsNoGrowth ? [`attribute_not_exists(${growth})`] : []),
    ];
    try {
      const { Attributes = {} } = await retrying.send(
        new UpdateCommand({
          TableName,
          Key: cellItemKey(key),
          UpdateExpression: `ADD ${added.join(', ')} SET #mark = :last, ${updatedAtMs} = :now, ${writer} = :writer${expiryClause(expiresAt)}`,
          ConditionExpression: conditions.join(' AND '),
          ExpressionAttributeNames: {
            '#mark': mark,
            ...Object.fromEntries(sums.map(([name], index) => [`#sum${index}`, name])),
          },
          ExpressionAttributeValues: {
            ...Object.fromEntries(sums.map(([, sum], index) => [`:sum${index}`, sum])),
            ':one': 1,
            ':last': markOf(entries.at(-1)),
            ':first': assumption.isRead ? undefined : markOf(entries[0]),
            ':seen': assumption.isRead ? assumption.mark : undefined,
            ':now': nowMs,
            ':writer': cellWriters.fold(key.region),
            ':x': expiresAt,
          },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { outcome: 'folded', item: Attributes };
    } catch (error) {
      if (isContention(error)) return { outcome: 'contended' };
      if (error instanceof ConditionalCheckFailedException) {
        return { outcome: 'stale', item: fromWire(error.Item) };
      }
      return refusedAttempt(error, key, [mark, ...sums.map(([name]) => name)]);
    }
  }

  /**
   * Why DynamoDB refuses to update a cell: it is as large as an item may be, or holds what is none of
   * Tally's, such as a count in words. Retrying can never succeed then, and would block every record
   * behind it. @throws the error if it is another one
   */
  async function refusedAttempt(
    error: unknown,
    key: CellKey,
    names: readonly string[],
  ): Promise<Attempt> {
    if (!(error instanceof Error && error.name === 'ValidationException')) throw error;
    const { Item = {} } = await retrying.send(
      new GetCommand({ TableName, Key: cellItemKey(key), ConsistentRead: true }),
    );
    if (isMalformed(Item, [version, ...names])) return { outcome: 'malformed' };
    if (/maximum allowed size/i.test(error.message)) return { outcome: 'full', item: Item };
    throw error;
  }

  const prune: FoldStore['prune'] = async (key, { marks, parts }) => {
    const names = [...marks, ...parts.map(partAttribute)];
    for (let from = 0; from < names.length; from += limits.pruneSlice) {
      const slice = names.slice(from, from + limits.pruneSlice);
      await retrying.send(
        new UpdateCommand({
          TableName,
          Key: cellItemKey(key),
          UpdateExpression: `REMOVE ${slice.map((_, index) => `#stale${index}`).join(', ')} SET ${writer} = :writer`,
          // Else an expired cell would come back, without an expiry.
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: Object.fromEntries(
            slice.map((name, index) => [`#stale${index}`, name]),
          ),
          ExpressionAttributeValues: { ':writer': cellWriters.fold(key.region) },
        }),
      );
    }
  };

  const hasFailedBatch: FoldStore['hasFailedBatch'] = async () => {
    const { Items = [] } = await retrying.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': failedBatchesPartition },
        ConsistentRead: true,
        Limit: 1,
      }),
    );
    return Items.length > 0;
  };

  return { fold, prune, hasFailedBatch, ...createDynamoGrowth({ clients, tableName: TableName }) };
}

function unmovedMark(assumption: Assumption): string {
  const absent = 'attribute_not_exists(#mark)';
  if (!assumption.isRead) return `(${absent} OR #mark < :first)`;
  return assumption.mark === undefined ? absent : '#mark = :seen';
}

const stateOf = (item: Item, mark: string): CellState => ({
  cell: parseCell(item),
  marks: Object.keys(item).filter(isMarkName),
  mark,
  growth: parseGrowth(item[growth]),
});

/** What is to be added to which attribute. */
function sumsOf(entries: readonly FoldEntry[]): [name: string, sum: bigint][] {
  const byName = Map.groupBy(entries, ({ part }) =>
    part === undefined ? count : partAttribute(part),
  );
  return [...byName].map(([name, same]) => [
    name,
    same.reduce((sum, { amount }) => sum + BigInt(amount), 0n),
  ]);
}

/** Whether one of these marks and numbers is of another type than Tally writes. */
const isMalformed = (item: Item, names: readonly string[]): boolean =>
  names.some((name) => {
    const value = item[name];
    if (value === undefined) return false;
    if (isMarkName(name)) return !(value instanceof Uint8Array);
    return typeof value !== 'number' && typeof value !== 'bigint';
  });

const markOf = (entry: FoldEntry | undefined): Uint8Array => toMark(entry?.sequence ?? '0');
