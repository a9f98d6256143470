/**
 * A total starts as one cell and doubles its cells when writers meet on them. Which cell a change
 * goes to is random; nothing depends on it but contention.
 */

/** A shard index in 0 … shardCount-1. `random` is in [0, 1). */
export const pickShard = (shardCount: number, random: number): number =>
  Math.floor(random * shardCount);

/** A shard other than the one that met contention; the same again when there is no other. */
export function pickOtherShard(shardCount: number, taken: number, random: number): number {
  if (shardCount < 2) return 0;
  return (taken + 1 + Math.floor(random * (shardCount - 1))) % shardCount;
}

/**
 * How many shards a crowded total should have next: it doubles until it has what is wanted, and at
 * least once. The same number when it may not grow.
 */
export function grownShardCount(shardCount: number, wanted: number, maxShards: number): number {
  const doublings = Math.max(1, Math.ceil(Math.log2(wanted / shardCount)));
  return Math.min(shardCount * 2 ** doublings, Math.max(maxShards, shardCount));
}
