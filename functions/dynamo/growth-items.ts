/** Histories of shard counts as items hold them: epoch ms and count, in turn, oldest first. */
import type { GrowthHistory } from '../rules/spreading.ts';

export const growthList = (history: GrowthHistory): number[] =>
  history.flatMap(({ atMs, shardCount }) => [atMs, shardCount]);

/** What is not such a list says nothing: a foreign item must not stop the fold. */
export function parseGrowth(value: unknown): GrowthHistory {
  if (!Array.isArray(value) || !value.every(isCount)) return [];
  const counts: readonly number[] = value;
  return counts.flatMap((shardCount, index) => {
    const atMs = counts[index - 1];
    return index % 2 === 1 && atMs !== undefined ? [{ atMs, shardCount }] : [];
  });
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0;
