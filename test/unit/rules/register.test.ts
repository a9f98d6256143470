import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import {
  barringEntry,
  claimsPerSecond,
  type Entry,
  isTurnDue,
  packEntry,
  planTurn,
  standingIn,
  unpackEntry,
} from '../../../functions/rules/register.ts';

const atMs = Date.UTC(2096, 1, 28);
const entriesAt = (claims: readonly number[]): Map<string, Entry> =>
  new Map(claims.map((claimedAtMs, index) => [`entry-${index}`, { claimedAtMs, got: 0 }]));
const times = fc.array(fc.integer({ min: atMs, max: atMs + 1_000 }), { maxLength: 60 });

test('an entry is one number, whatever a token can get', () => {
  fc.assert(
    fc.property(fc.nat({ max: 8.64e15 }), fc.nat({ max: 1e15 - 1 }), (claimedAtMs, got) => {
      expect(unpackEntry(packEntry({ claimedAtMs, got }))).toEqual({ claimedAtMs, got });
    }),
  );
});

test('a claim is counted, barred, late or open, and never two of these', () => {
  const entries = new Map([
    ['counted', { claimedAtMs: atMs, got: 7 }],
    ['barred', barringEntry(atMs)],
  ]);
  const standing = (entryName: string, claimedAtMs: number) =>
    standingIn({ entries, cutOffMs: atMs }, { entryName, claimedAtMs }).is;
  expect(standing('counted', atMs - 1)).toBe('counted');
  expect(standing('barred', atMs)).toBe('barred');
  expect(standing('other', atMs - 1)).toBe('late');
  expect(standing('other', atMs)).toBe('open');
});

describe('a turn', () => {
  const sizes = { first: 10, step: 4, leavingMax: 5 };

  test('is due for the writer of the tenth entry, the fourteenth and so on', () => {
    const due = Array.from({ length: 20 }, (_, count) => count).filter((count) =>
      isTurnDue({ entries: entriesAt(Array.from({ length: count }, () => atMs)) }, sizes),
    );
    expect(due).toEqual([10, 14, 18]);
  });

  test('puts on the page all that leaves, lets only old claims leave, and moves the cut-off on', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: atMs, max: atMs + 1_000 }), (claims, cutOffMs) => {
        const entries = entriesAt(claims);
        const turn = planTurn({ cutOffMs, entries }, sizes);
        const old = [...entries].filter(([, { claimedAtMs }]) => claimedAtMs < cutOffMs);
        expect([...turn.page]).toEqual(old);
        expect(turn.leaving).toEqual(old.map(([name]) => name).slice(0, sizes.leavingMax));
        expect(turn.nextCutOffMs).toBeGreaterThan(cutOffMs);
        // A claim that is being entered at the moment is rarely made late by it.
        const staying = claims.filter((claim) => claim >= cutOffMs);
        const later = staying.filter((claim) => claim >= turn.nextCutOffMs - 1);
        expect(later.length * 2).toBeGreaterThanOrEqual(staying.length);
      }),
    );
  });

  test('keeps barred claims off the page: what is on none of both was not counted', () => {
    const entries = new Map([
      ['barred', barringEntry(atMs)],
      ['counted', { claimedAtMs: atMs, got: 0 }],
    ]);
    const turn = planTurn({ cutOffMs: atMs + 1, entries }, sizes);
    expect([...turn.page.keys()]).toEqual(['counted']);
    expect(turn.leaving).toEqual(['barred', 'counted']);
  });
});

describe('a register looks hot', () => {
  const { momentMs, entries: enough } = limits.hotRegister;
  const rate = (claims: readonly number[]) => claimsPerSecond({ entries: entriesAt(claims) }, atMs);
  const claimsAt = (claimedAtMs: number, count: number = enough) =>
    Array.from({ length: count }, () => claimedAtMs);

  test('by many claims of the last moment', () => {
    expect(rate(claimsAt(atMs - momentMs + 1))).toBe((enough * 1_000) / momentMs);
    expect(rate(claimsAt(atMs, enough - 1))).toBe(0);
    expect(rate(claimsAt(atMs - momentMs))).toBe(0);
  });

  test('but not for as long as a clock is ahead by', () => {
    expect(rate(claimsAt(atMs + 60_000))).toBe(0);
  });
});
