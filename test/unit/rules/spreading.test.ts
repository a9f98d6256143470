import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FoldEntry } from '../../../functions/rules/fold.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { markName } from '../../../functions/rules/marks.ts';
import {
  type GrowthHistory,
  grownHistory,
  growthInForce,
  shardsOfWindow,
  spread,
} from '../../../functions/rules/spreading.ts';

const nowMs = Date.UTC(2026, 10, 21, 9, 30);
const hourMs = 3_600_000;
const { growthMarginMs, generationHours, markGenerations, marksOfCell, maxShardsMax } = limits;

/** Oldest first, some hours apart, each twice as much. */
const histories = fc
  .array(fc.integer({ min: 1, max: 5 * hourMs }), { maxLength: 8 })
  .map((gaps): GrowthHistory => {
    let atMs = nowMs;
    return gaps.map((gap, index) => {
      atMs += gap;
      return { atMs, shardCount: 2 ** (index + 1) };
    });
  });
const moments = fc.integer({ min: nowMs - hourMs, max: nowMs + 50 * hourMs });

describe('the growth in force', () => {
  test('is none before the first has been there for a quarter of an hour', () => {
    const history = [{ atMs: nowMs, shardCount: 2 }];
    expect(growthInForce(history, nowMs + growthMarginMs - 1)).toBeUndefined();
    expect(growthInForce(history, nowMs + growthMarginMs)).toBe(history[0]);
  });

  test('stays the same for what was made at a moment, whatever is added a quarter of an hour before it or later', () => {
    fc.assert(
      fc.property(histories, moments, fc.nat(hourMs), (history, madeAtMs, later) => {
        const atMs = Math.max(madeAtMs - growthMarginMs + 1, history.at(-1)?.atMs ?? 0) + later;
        const grown = [...history, { atMs, shardCount: 256 }];
        expect(growthInForce(grown, madeAtMs)).toBe(growthInForce(history, madeAtMs));
      }),
    );
  });
});

describe('a record', () => {
  const entryAt = (atMs: number, sequence: number): FoldEntry => ({
    sequence: String(sequence),
    at: Math.floor(atMs / 1000),
    amount: 1,
    countsInAll: true,
  });
  const windows = fc.constantFrom('-', '2026-11-21', '2026-11-21T09Z', '2026-11-21T09:30Z');
  const ids = fc.stringMatching(/^shardId-[0-9]{20}-[0-9a-f]{8}$/);

  test('goes to the same shard whatever it is delivered with, and all are dealt out', () => {
    const batches = fc.array(moments, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(ids, windows, histories, batches, (streamShardId, window, history, made) => {
        const entries = made.map(entryAt);
        const where = { streamShardId, window };
        const together = spread(where, entries, () => history);
        expect(together.flatMap((it) => it.entries).toSorted(bySequence)).toEqual(
          entries.toSorted(bySequence),
        );
        for (const entry of entries) {
          const [alone] = spread(where, [entry], () => history);
          const share = together.find((it) => it.entries.includes(entry));
          expect(alone?.shard).toBe(share?.shard);
          expect(share?.shard).toBeLessThan(share?.shardCount ?? 0);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('of a counter that never grew goes to shard 0', () => {
    fc.assert(
      fc.property(ids, windows, (streamShardId, window) => {
        const [share, ...others] = spread({ streamShardId, window }, [entryAt(nowMs, 1)], () => []);
        expect(share).toMatchObject({ shard: 0, shardCount: 1 });
        expect(others).toEqual([]);
      }),
    );
  });

  test('of many stream shards goes to all shards about equally, another one in each window', () => {
    const history = [{ atMs: nowMs - hourMs, shardCount: 16 }];
    const shardIn = (window: string, index: number) =>
      spread(
        { streamShardId: `shardId-00000001571780995058-${index.toString(16)}`, window },
        [entryAt(nowMs, 1)],
        () => history,
      )[0]?.shard;
    const all = Array.from({ length: 1_600 }, (_, index) => shardIn('-', index));
    const sizes = [...Map.groupBy(all, (shard) => shard).values()].map(({ length }) => length);
    expect(sizes).toHaveLength(16);
    for (const size of sizes) expect(Math.abs(size - 100)).toBeLessThan(50);
    const together = all.filter((shard, index) => shard === shardIn('2026-11-21', index));
    expect(together.length).toBeLessThan(200);
  });
});

test('an hour or a minute takes an eighth of the shards of a day, and at least one', () => {
  expect(shardsOfWindow('-', 64)).toBe(64);
  expect(shardsOfWindow('2026-11-21', 64)).toBe(64);
  expect(shardsOfWindow('2026-11-21T09Z', 64)).toBe(8);
  expect(shardsOfWindow('2026-11-21T09:30Z', 64)).toBe(8);
  expect(shardsOfWindow('2026-11-21T09Z', 2)).toBe(1);
});

describe('a cell asks for more shards', () => {
  let marksMade = 0;
  const marksOf = (count: number, ageMs = 0) =>
    Array.from({ length: count }, () =>
      markName(`shardId-${String(nowMs - ageMs).padStart(20, '0')}-${marksMade++}`),
    );
  const window = '-';
  const ask = (history: GrowthHistory, marks: readonly string[], of = window) =>
    grownHistory(history, { marks, window: of, nowMs })?.at(-1)?.shardCount;

  test('not with the four stream shards of a new table, whose marks of a day fit in a kilobyte', () => {
    const ofDay = Array.from({ length: markGenerations }, (_, generation) =>
      marksOf(4, generation * generationHours * hourMs),
    ).flat();
    expect(ofDay.length).toBeLessThanOrEqual(marksOfCell);
    expect(ask([], ofDay)).toBeUndefined();
  });

  test('as soon as it sees more, for as many as hold the marks of a day', () => {
    expect(ask([], marksOf(5))).toBe(2);
    expect(ask([], marksOf(16))).toBe(4);
    expect(ask([], marksOf(100))).toBe(32);
    expect(ask([], marksOf(500))).toBe(128);
    expect(ask([], marksOf(10_000))).toBe(maxShardsMax);
  });

  test('with the time of now, or later than the last growth', () => {
    const history = [{ atMs: nowMs + 5_000, shardCount: 2 }];
    expect(grownHistory(history, { marks: marksOf(100), window, nowMs })).toEqual([
      ...history,
      { atMs: nowMs + 5_001, shardCount: 32 },
    ]);
  });

  test('not again while a growth that is enough has not come into force', () => {
    expect(ask([{ atMs: nowMs - 60_000, shardCount: 32 }], marksOf(100))).toBeUndefined();
  });

  test('not for marks from before the last growth, which stay for a day', () => {
    const history = [{ atMs: nowMs - 2 * hourMs, shardCount: 32 }];
    expect(ask(history, marksOf(500, 3 * hourMs))).toBeUndefined();
  });

  test('of many only when it holds half more than it should, because their loads differ', () => {
    const history = [{ atMs: nowMs - 20 * hourMs, shardCount: 4 }];
    expect(ask(history, marksOf(1.5 * marksOfCell))).toBeUndefined();
    expect(ask(history, marksOf(1.5 * marksOfCell + 1))).toBe(64);
  });

  test('of an hour by the same measure, though an hour has fewer', () => {
    const history = [{ atMs: nowMs - 20 * hourMs, shardCount: 16 }];
    expect(shardsOfWindow('2026-11-21T09Z', 16)).toBe(2);
    expect(ask(history, marksOf(3 * marksOfCell), '2026-11-21T09Z')).toBeUndefined();
    expect(ask(history, marksOf(3 * marksOfCell + 1), '2026-11-21T09Z')).toBe(64);
  });

  test('never for more than a total may have', () => {
    const history = [{ atMs: nowMs - 20 * hourMs, shardCount: maxShardsMax }];
    expect(ask(history, marksOf(1_000))).toBeUndefined();
  });
});

const bySequence = (one: FoldEntry, other: FoldEntry) =>
  Number(one.sequence) - Number(other.sequence);
