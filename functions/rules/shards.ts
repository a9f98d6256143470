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

/** How many shards a contended total should have next; the same number when it may not grow. */
export const grownShardCount = (shardCount: number, maxShards: number): number =>
  Math.min(shardCount * 2, Math.max(maxShards, shardCount));
