import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FoldEntry } from '../../../functions/rules/fold.ts';
import {
  staleWatermarks,
  toWatermark,
  unfolded,
  watermarkName,
} from '../../../functions/rules/watermarks.ts';

/** DynamoDB's sequence numbers have up to 40 digits; short ones come from other engines. */
const sequences = fc
  .integer({ min: 1, max: 40 })
  .chain((digits) => fc.bigInt({ min: 0n, max: 10n ** BigInt(digits) - 1n }))
  .map(String);

const hourMs = 3_600_000;

describe('a watermark', () => {
  test('sorts as a string as its sequence number does as a number, whatever the lengths', () => {
    fc.assert(
      fc.property(sequences, sequences, (one, other) => {
        expect(toWatermark(one) < toWatermark(other)).toBe(BigInt(one) < BigInt(other));
        expect(toWatermark(one) === toWatermark(other)).toBe(BigInt(one) === BigInt(other));
      }),
      { numRuns: 2_000 },
    );
  });

  test('of one digit more is the later one', () => {
    expect(toWatermark('9') < toWatermark('10')).toBe(true);
    expect(toWatermark('9'.repeat(39)) < toWatermark(`1${'0'.repeat(39)}`)).toBe(true);
  });
});

describe('the entries a cell has not folded', () => {
  const entries = fc
    .uniqueArray(sequences, { maxLength: 12 })
    .map((unique) => unique.toSorted((one, other) => (BigInt(one) < BigInt(other) ? -1 : 1)))
    .map((sorted) => sorted.map((sequence, index): FoldEntry => ({ sequence, amount: index + 1 })));

  test('are all of them if it has folded none of this stream shard', () => {
    fc.assert(
      fc.property(entries, (all) => {
        expect(unfolded(all, undefined)).toEqual(all);
      }),
    );
  });

  test('are those behind its watermark, in their order', () => {
    fc.assert(
      fc.property(entries, sequences, (all, folded) => {
        const behind = all.filter(({ sequence }) => BigInt(sequence) > BigInt(folded));
        expect(unfolded(all, toWatermark(folded))).toEqual(behind);
      }),
    );
  });

  test('are the rest after each of them in turn: none twice, none left out', () => {
    fc.assert(
      fc.property(entries, (all) => {
        for (const [index, { sequence }] of all.entries()) {
          expect(unfolded(all, toWatermark(sequence))).toEqual(all.slice(index + 1));
        }
      }),
    );
  });

  test('are both parts of a change that moves an amount within its cell, or neither', () => {
    const moved = [
      { sequence: '7', amount: 5 },
      { sequence: '7', amount: -5 },
    ];
    expect(unfolded(moved, toWatermark('6'))).toEqual(moved);
    expect(unfolded(moved, toWatermark('7'))).toEqual([]);
  });
});

describe('the name of a watermark', () => {
  const createdAt = fc.integer({ min: 1, max: Date.UTC(2200, 0, 1) });
  const suffixes = fc.stringMatching(/^[0-9a-f]{8}$/);
  const idOf = (createdAtMs: number, suffix: string) =>
    `shardId-${String(createdAtMs).padStart(20, '0')}-${suffix}`;

  test('differs for different stream shards', () => {
    const shards = fc.tuple(createdAt, suffixes);
    fc.assert(
      fc.property(shards, shards, (one, other) => {
        const same = one[0] === other[0] && one[1] === other[1];
        expect(watermarkName(idOf(...one)) === watermarkName(idOf(...other))).toBe(same);
      }),
    );
  });

  test('leaves the zeros of the id out, which would be paid for in every cell', () => {
    const name = watermarkName('shardId-00000001500781801000-e9f2c4d5');
    expect(name).toBe('w1500781801000-e9f2c4d5');
  });

  test('is an own one for an id of another form, too', () => {
    expect(watermarkName('shard-a')).not.toBe(watermarkName('shard-b'));
  });

  test('tells how old its stream shard is: two days on, it is stale', () => {
    fc.assert(
      fc.property(createdAt, suffixes, (createdAtMs, suffix) => {
        const name = watermarkName(idOf(createdAtMs, suffix));
        const staleAt = (nowMs: number) => staleWatermarks([name], { current: 'w', nowMs });
        expect(staleAt(createdAtMs + 48 * hourMs)).toEqual([]);
        expect(staleAt(createdAtMs + 48 * hourMs + 1)).toEqual([name]);
      }),
    );
  });
});

describe('stale watermarks', () => {
  const nowMs = Date.UTC(2026, 10, 21);
  const nameAt = (createdAtMs: number) => `w${createdAtMs}-0a1b2c3d`;
  const old = nameAt(nowMs - 72 * hourMs);
  const fresh = nameAt(nowMs - 30 * hourMs);

  test('are those of stream shards that can deliver no more', () => {
    expect(staleWatermarks([old, fresh], { current: fresh, nowMs })).toEqual([old]);
  });

  test('never include the one in use, nor one of a shard that has just been made', () => {
    expect(staleWatermarks([old], { current: old, nowMs })).toEqual([]);
    const ahead = nameAt(nowMs + hourMs);
    expect(staleWatermarks([ahead], { current: old, nowMs })).toEqual([]);
  });

  test('never include another attribute of the cell, nor a watermark that does not tell its age', () => {
    const others = ['pk', 'sk', 'n', 't', 's', 'l', 'x', 'wshard-a', 'w-1', 'w'];
    expect(staleWatermarks(others, { current: fresh, nowMs })).toEqual([]);
  });
});
