import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FoldEntry } from '../../../functions/rules/fold.ts';
import {
  isMarkName,
  markName,
  marksBornAfter,
  staleMarks,
  toMark,
  unfolded,
  youngMarks,
} from '../../../functions/rules/marks.ts';

/** DynamoDB's sequence numbers have up to 40 digits; short ones come from other engines. */
const sequences = fc
  .integer({ min: 1, max: 40 })
  .chain((digits) => fc.bigInt({ min: 0n, max: 10n ** BigInt(digits) - 1n }))
  .map(String);

const hourMs = 3_600_000;
const idOf = (createdAtMs: number, suffix: string) =>
  `shardId-${String(createdAtMs).padStart(20, '0')}-${suffix}`;

describe('a mark', () => {
  test('compares as bytes as its sequence number does as a number, whatever the lengths', () => {
    fc.assert(
      fc.property(sequences, sequences, (one, other) => {
        const order = Buffer.compare(toMark(one), toMark(other));
        expect(order).toBe(
          Number(BigInt(one) > BigInt(other)) - Number(BigInt(one) < BigInt(other)),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test('of one digit more is the later one, and zeros in front mean nothing', () => {
    expect(Buffer.compare(toMark('9'), toMark('10'))).toBe(-1);
    expect(Buffer.compare(toMark('255'), toMark('256'))).toBe(-1);
    expect(Buffer.compare(toMark('9'.repeat(39)), toMark(`1${'0'.repeat(39)}`))).toBe(-1);
    expect(toMark('000000000000000000256')).toEqual(toMark('256'));
    expect([...toMark('0')]).toEqual([0]);
    expect([...toMark('256')]).toEqual([2, 1, 0]);
  });

  test('takes 23 bytes of its cell with its name, for a sequence number as AWS gives them', () => {
    const name = markName(idOf(1_571_780_995_058, '40810d86'));
    expect(Buffer.byteLength(name)).toBe(13);
    expect(toMark('300000000000000499659')).toHaveLength(10);
  });
});

describe('the entries a cell has not folded', () => {
  const rest = { at: 0, countsInAll: true };
  const entries = fc
    .uniqueArray(sequences, { maxLength: 12 })
    .map((unique) => unique.toSorted((one, other) => (BigInt(one) < BigInt(other) ? -1 : 1)))
    .map((sorted) =>
      sorted.map((sequence, index): FoldEntry => ({ sequence, amount: index + 1, ...rest })),
    );

  test('are all of them if it has folded none of this stream shard', () => {
    fc.assert(
      fc.property(entries, (all) => {
        expect(unfolded(all, undefined)).toEqual(all);
      }),
    );
  });

  test('are those behind its mark, in their order', () => {
    fc.assert(
      fc.property(entries, sequences, (all, folded) => {
        const behind = all.filter(({ sequence }) => BigInt(sequence) > BigInt(folded));
        expect(unfolded(all, toMark(folded))).toEqual(behind);
      }),
    );
  });

  test('are the rest after each of them in turn: none twice, none left out', () => {
    fc.assert(
      fc.property(entries, (all) => {
        for (const [index, { sequence }] of all.entries()) {
          expect(unfolded(all, toMark(sequence))).toEqual(all.slice(index + 1));
        }
      }),
    );
  });

  test('are both parts of a change that moves an amount within its cell, or neither', () => {
    const moved = [
      { sequence: '7', amount: 5, ...rest },
      { sequence: '7', amount: -5, ...rest },
    ];
    expect(unfolded(moved, toMark('6'))).toEqual(moved);
    expect(unfolded(moved, toMark('7'))).toEqual([]);
  });
});

describe('the name of a mark', () => {
  const createdAt = fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2199, 0, 1) });
  const suffixes = fc.stringMatching(/^[0-9a-f]{8}$/);

  test('differs for different stream shards, also of one hour', () => {
    const shards = fc.tuple(createdAt, suffixes);
    fc.assert(
      fc.property(shards, shards, (one, other) => {
        const same = one[0] === other[0] && one[1] === other[1];
        expect(markName(idOf(...one)) === markName(idOf(...other))).toBe(same);
      }),
    );
    const ofOneMoment = Array.from({ length: 20_000 }, (_, index) =>
      markName(idOf(1_571_780_995_058, index.toString(16).padStart(8, '0'))),
    );
    expect(new Set(ofOneMoment).size).toBe(ofOneMoment.length);
  });

  test('is an own one for an id of another form, too', () => {
    const ids = ['shard-a', 'shard-b', 'shardId-7-a', 'shardId-7-b', ''];
    const names = ids.map(markName);
    expect(new Set(names).size).toBe(ids.length);
    for (const name of names) expect(name).toHaveLength(13);
  });

  test('is no name of anything else in a cell', () => {
    const others = [
      'pk',
      'sk',
      'n',
      't',
      'v',
      'w',
      's',
      'h',
      'x',
      'z',
      '.love',
      '.@1795000000',
      '-',
    ];
    expect(others.filter(isMarkName)).toEqual([]);
    expect(isMarkName(markName('shard-a'))).toBe(true);
  });

  test('tells how old its stream shard is: thirty hours after the hour of its creation it is stale', () => {
    fc.assert(
      fc.property(createdAt, suffixes, (createdAtMs, suffix) => {
        const name = markName(idOf(createdAtMs, suffix));
        const hourEndMs = (Math.floor(createdAtMs / hourMs) + 1) * hourMs;
        const staleAt = (nowMs: number) => staleMarks([name], { current: '', nowMs });
        expect(staleAt(hourEndMs + 30 * hourMs)).toEqual([]);
        expect(staleAt(hourEndMs + 30 * hourMs + 1)).toEqual([name]);
        expect(marksBornAfter([name], hourEndMs - hourMs)).toEqual([name]);
        expect(marksBornAfter([name], hourEndMs - hourMs + 1)).toEqual([]);
      }),
    );
  });
});

describe('stale marks', () => {
  const nowMs = Date.UTC(2026, 10, 21);
  const nameAt = (createdAtMs: number) => markName(idOf(createdAtMs, '0a1b2c3d'));
  const old = nameAt(nowMs - 72 * hourMs);
  const fresh = nameAt(nowMs - 29 * hourMs);

  test('are those of stream shards that can deliver no more', () => {
    expect(staleMarks([old, fresh], { current: fresh, nowMs })).toEqual([old]);
  });

  test('never include the one in use, nor one of a shard that has just been made', () => {
    expect(staleMarks([old], { current: old, nowMs })).toEqual([]);
    const ahead = nameAt(nowMs + hourMs);
    expect(staleMarks([ahead], { current: old, nowMs })).toEqual([]);
  });

  test.each([
    ['no time', 'shard-a'],
    ['a time that is too early', 'shardId-00000000000000000007-a'],
    ['seconds', 'shardId-00000000001571780995-a'],
    ['microseconds', 'shardId-00001571780995058000-a'],
  ])('never include one whose id has %s, which counts as young', (_, id) => {
    const name = markName(id);
    expect(staleMarks([name], { current: '', nowMs })).toEqual([]);
    expect(youngMarks([name], { hours: 4, nowMs })).toEqual([name]);
    expect(marksBornAfter([name], nowMs)).toEqual([name]);
  });

  test('never include another attribute of the cell', () => {
    const others = ['pk', 'sk', 'n', 't', 's', 'w', 'x', '-', '.love'];
    expect(staleMarks(others, { current: fresh, nowMs })).toEqual([]);
  });
});

test('young marks are those of the stream shards of the last hours', () => {
  const nowMs = Date.UTC(2026, 10, 21, 9, 30);
  const ages = [0, 3 * hourMs, 4 * hourMs, 5 * hourMs, 30 * hourMs];
  const names = ages.map((ageMs) => markName(idOf(nowMs - ageMs, 'a')));
  expect(youngMarks(names, { hours: 4, nowMs })).toEqual(names.slice(0, 2));
});
