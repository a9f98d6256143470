/**
 * Spreading: into which of a total's shards a record of the stream is folded.
 *
 * A mark makes a fold exactly-once only if a record goes to the same shard whenever it is delivered,
 * while the number of shards grows. So the shard follows from what never changes: the record's stream
 * shard, its window, and the shard count that was in force when the record was made. A growth comes
 * into force fifteen minutes after the time that it carries. That is longer than any function
 * remembers a history without it (five minutes), and than a growth can be written late (a signed
 * request is refused after five): every function that folds a record made later knows the growth.
 *
 * The history of shard counts belongs to a counter in a region, not to a window: an hour is over
 * before a growth would help it.
 */
import type { FoldEntry } from './fold.ts';
import { hashOf } from './hash.ts';
import { limits } from './limits.ts';
import { marksBornAfter, youngMarks } from './marks.ts';
import { windowKindOf } from './windows.ts';

export interface Growth {
  /** Epoch ms at which it was written. */
  readonly atMs: number;
  readonly shardCount: number;
}

/** Oldest first; empty for a counter that never grew. */
export type GrowthHistory = readonly Growth[];

/** The growth in force for what was made at a moment (epoch ms); undefined before the first. */
export const growthInForce = (history: GrowthHistory, madeAtMs: number): Growth | undefined =>
  history.findLast(({ atMs }) => atMs + limits.growthMarginMs <= madeAtMs);

/**
 * How many shards the fold uses for a window. An hour or a minute sees one generation of stream
 * shards, not the eight whose marks a day collects, so it needs an eighth, and costs its readers less.
 */
export const shardsOfWindow = (window: string, shardCount: number): number =>
  isShort(window) ? Math.ceil(shardCount / limits.markGenerations) : shardCount;

function isShort(window: string): boolean {
  const kind = windowKindOf(window);
  return kind === 'hour' || kind === 'minute';
}

/**
 * Deals the records of one stream shard out to the shards of one total.
 *
 * @param entries in the order of the stream
 * @param historyOf the history of shard counts that an entry goes by
 * @returns for each shard its entries, in their order, and how many shards they may be in
 */
export function spread(
  { streamShardId, window }: { streamShardId: string; window: string },
  entries: readonly FoldEntry[],
  historyOf: (entry: FoldEntry) => GrowthHistory,
): { shard: number; shardCount: number; entries: FoldEntry[] }[] {
  // With the window, so that the busy windows of a counter do not share one partition key.
  const hash = hashOf(`${streamShardId}#${window}`);
  const dealt = new Map<number, { shard: number; shardCount: number; entries: FoldEntry[] }>();
  for (const entry of entries) {
    const inForce = growthInForce(historyOf(entry), entry.at * 1000);
    const shardCount = shardsOfWindow(window, inForce?.shardCount ?? 1);
    const shard = Number(hash % BigInt(shardCount));
    const share = dealt.get(shard) ?? { shard, shardCount, entries: [] };
    share.entries.push(entry);
    dealt.set(shard, { ...share, shardCount: Math.max(share.shardCount, shardCount) });
  }
  return [...dealt.values()];
}

/**
 * Whether a counter should spread more, by the marks of one of its cells: the history with a growth
 * added, or undefined. A cell should hold its marks in a kilobyte, so that a fold costs one write
 * unit. A single cell sees all stream shards, and the young ones tell how many marks it will hold
 * when it is a day old. One of several cells sees a share of them that varies: it asks only when it
 * has collected twice of what it should, or three times within an hour, in which all may be replaced.
 *
 * @param marks names of the marks in the cell
 */
export function grownHistory(
  history: GrowthHistory,
  { marks, window, nowMs }: { marks: readonly string[]; window: string; nowMs: number },
): GrowthHistory | undefined {
  const { marksOfCell, markGenerations, generationHours, maxShardsMax } = limits;
  const inForce = growthInForce(history, nowMs);
  // Marks from before it tell nothing of how it spreads.
  const counted = inForce ? marksBornAfter(marks, inForce.atMs + limits.growthMarginMs) : marks;
  const young = youngMarks(counted, { hours: generationHours, nowMs }).length;
  const isCrowded = inForce
    ? counted.length > (isShort(window) ? 3 : 2) * marksOfCell
    : young * markGenerations > marksOfCell;
  if (!isCrowded) return undefined;
  const streamShards = young * shardsOfWindow(window, inForce?.shardCount ?? 1);
  const wanted = Math.min(powerOfTwo((streamShards * markGenerations) / marksOfCell), maxShardsMax);
  const last = history.at(-1);
  if (wanted <= (last?.shardCount ?? 1)) return undefined;
  const atMs = Math.max(nowMs, (last?.atMs ?? 0) + 1);
  return [...history, { atMs, shardCount: wanted }];
}

/** The first power of two that is not below this. */
const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(least));
