import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { grownShardCount, pickOtherShard, pickShard } from '../../../functions/rules/shards.ts';

const shardCounts = fc.integer({ min: 1, max: limits.maxShardsMax });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const largestRandom = 1 - Number.EPSILON / 2;

/** Randoms that lie evenly in [0, 1), `each` of them for every one of `count` equal parts. */
const evenRandoms = (count: number, each: number) =>
  Array.from({ length: count * each }, (_, index) => (index + 0.5) / (count * each));

/** How often each shard was picked. */
function frequencies(picks: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const shard of picks) counts.set(shard, (counts.get(shard) ?? 0) + 1);
  return counts;
}

describe('a random shard', () => {
  test('is one of those there are', () => {
    fc.assert(
      fc.property(shardCounts, fc.oneof(randoms, fc.constant(largestRandom)), (count, random) => {
        const shard = pickShard(count, random);
        expect(Number.isInteger(shard) && shard >= 0 && shard < count).toBe(true);
      }),
    );
  });

  test('is each of them equally often', () => {
    fc.assert(
      fc.property(shardCounts, (count) => {
        const picks = frequencies(evenRandoms(count, 3).map((random) => pickShard(count, random)));
        expect(picks.size).toBe(count);
        expect([...picks.values()].every((times) => times === 3)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the other shard', () => {
  const takenOfSeveral = fc
    .integer({ min: 2, max: limits.maxShardsMax })
    .chain((count) => fc.tuple(fc.constant(count), fc.nat({ max: count - 1 })));

  test('differs from the one that met contention', () => {
    fc.assert(
      fc.property(takenOfSeveral, randoms, ([count, taken], random) => {
        const other = pickOtherShard(count, taken, random);
        expect(other).not.toBe(taken);
        expect(Number.isInteger(other) && other >= 0 && other < count).toBe(true);
      }),
    );
  });

  test('is each of the others equally often', () => {
    fc.assert(
      fc.property(takenOfSeveral, ([count, taken]) => {
        const randomsUsed = evenRandoms(count - 1, 3);
        const picks = frequencies(randomsUsed.map((it) => pickOtherShard(count, taken, it)));
        expect(picks.size).toBe(count - 1);
        expect([...picks.values()].every((times) => times === 3)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('is the same one where there is no other', () => {
    fc.assert(fc.property(randoms, (random) => pickOtherShard(1, 0, random) === 0));
  });
});

describe('growth', () => {
  test('doubles, and ends at the maximum', () => {
    fc.assert(
      fc.property(shardCounts, (maxShards) => {
        const seen = [1];
        for (let count = 1; count < maxShards; seen.push(count)) {
          const grown = grownShardCount(count, 1, maxShards);
          expect(grown).toBe(Math.min(2 * count, maxShards));
          count = grown;
        }
        expect(seen.at(-1)).toBe(maxShards);
        expect(grownShardCount(maxShards, 1, maxShards)).toBe(maxShards);
      }),
    );
  });

  test('doubles until there are as many as are wanted', () => {
    expect([1, 2, 3, 8, 9].map((wanted) => grownShardCount(1, wanted, 64))).toEqual([
      2, 2, 4, 8, 16,
    ]);
    expect(grownShardCount(4, 100, 64)).toBe(64);
  });

  test('never takes a shard away, even if the maximum has been lowered: it may hold a part of the total', () => {
    fc.assert(
      fc.property(shardCounts, shardCounts, shardCounts, (count, wanted, maxShards) => {
        expect(grownShardCount(count, wanted, maxShards)).toBeGreaterThanOrEqual(count);
        if (count > maxShards) expect(grownShardCount(count, wanted, maxShards)).toBe(count);
      }),
    );
  });
});
