import { describe, expect, test } from 'vitest';
import { deltasOf, type Fact, type LedgerChange, planFold } from '../../../functions/rules/fold.ts';

const here = 'eu-central-1';
const elsewhere = 'us-east-1';
const expiresAt = 1_000;

const token = (options: Partial<Fact> = {}): Fact => ({
  subject: 'post-42',
  region: here,
  contributions: [
    { counter: 'views', window: '-', amount: 3 },
    { counter: 'views', window: '2026-11-21', amount: 3 },
  ],
  firstApplied: false,
  expiresAt,
  ...options,
});

const reaction = (choice: string): Fact =>
  token({
    contributions: [{ counter: 'reactions', window: '-', part: choice, amount: 1 }],
    expiresAt: undefined,
  });

/** A member that takes back what it said, or leaves. */
const left = token({ contributions: [] });

/** A change long before anything expires. */
const change = (before: Fact | undefined, after: Fact | undefined, options = {}): LedgerChange => ({
  sequence: '1',
  at: 1,
  before,
  after,
  ...options,
});

/** Counter (with the part, if there is one), window and amount of each delta. */
const deltas = (it: LedgerChange) =>
  deltasOf(it, here).map(({ cell: { counter, window }, part, amount }) => [
    part === undefined ? counter : `${counter}/${part}`,
    window,
    amount,
  ]);

describe('a token', () => {
  test('counts in each of its windows', () => {
    expect(deltas(change(undefined, token()))).toEqual([
      ['views', '-', 3],
      ['views', '2026-11-21', 3],
    ]);
  });

  test('that its transaction has applied counts in its other windows', () => {
    const applied = token({ firstApplied: true });
    expect(deltas(change(undefined, applied))).toEqual([['views', '2026-11-21', 3]]);
  });

  test('that was applied here, and that another region wins, is taken back from all its windows', () => {
    const lost = change(token({ firstApplied: true }), token({ region: elsewhere }));
    expect(deltas(lost)).toEqual([
      ['views', '-', -3],
      ['views', '2026-11-21', -3],
    ]);
  });

  test('of another region counts nothing', () => {
    expect(deltas(change(undefined, token({ region: elsewhere })))).toEqual([]);
  });

  test('stays counted when it expires, from the very second', () => {
    expect(deltas(change(token(), undefined, { at: expiresAt }))).toEqual([]);
    expect(deltas(change(token(), undefined, { at: expiresAt - 1 }))).toHaveLength(2);
  });
});

describe('a reaction', () => {
  test('moves from one choice to the other', () => {
    expect(deltas(change(reaction('wow'), reaction('love')))).toEqual([
      ['reactions/love', '-', 1],
      ['reactions/wow', '-', -1],
    ]);
  });

  test('that is taken back counts no more', () => {
    const takenBack = change(reaction('wow'), undefined, { at: 1e12 });
    expect(deltas(takenBack)).toEqual([['reactions/wow', '-', -1]]);
    expect(deltas(change(reaction('wow'), left))).toEqual([['reactions/wow', '-', -1]]);
  });

  test('of a member that left counts nothing, nor does its end', () => {
    expect(deltas(change(undefined, left))).toEqual([]);
    expect(deltas(change(left, left))).toEqual([]);
    expect(deltas(change(left, undefined, { at: expiresAt }))).toEqual([]);
    expect(deltas(change(left, reaction('wow')))).toEqual([['reactions/wow', '-', 1]]);
  });

  test('that says the same again costs no fold, unless it changes hands', () => {
    expect(planFold([change(reaction('wow'), reaction('wow'))], here)).toEqual([]);
    const toThere = change(reaction('wow'), { ...reaction('wow'), region: elsewhere });
    expect(deltas(toThere)).toEqual([['reactions/wow', '-', -1]]);
  });
});

describe('a batch', () => {
  test('is one plan a total, with all of its changes in the order of the stream', () => {
    const batch = ['8', '9', '10'].map((sequence) => change(undefined, token(), { sequence }));
    const entries = ['8', '9', '10'].map((sequence) => ({
      sequence,
      at: 1,
      amount: 3,
      countsInAll: true,
    }));
    expect(planFold(batch, here)).toEqual([
      { cell: { subject: 'post-42', counter: 'views', window: '-' }, entries },
      { cell: { subject: 'post-42', counter: 'views', window: '2026-11-21' }, entries },
    ]);
  });

  test('is one plan for what moves between the parts of a cell', () => {
    const moved = { ...change(reaction('wow'), reaction('love')), sequence: '7' };
    expect(planFold([moved], here)).toEqual([
      {
        cell: { subject: 'post-42', counter: 'reactions', window: '-' },
        entries: [
          { sequence: '7', at: 1, part: 'love', amount: 1, countsInAll: true },
          { sequence: '7', at: 1, part: 'wow', amount: -1, countsInAll: true },
        ],
      },
    ]);
  });

  test('tells of each fact whether it counts in the window of all time, whatever its counter does now', () => {
    const contributions = [{ counter: 'views', window: '2026-11-21', amount: 3 }];
    const ofDay = { ...token(), contributions };
    const batch = [
      change(undefined, token(), { sequence: '8' }),
      change(undefined, ofDay, { sequence: '9' }),
      change(token(), { ...ofDay, region: elsewhere }, { sequence: '10' }),
    ];
    const [, plan] = planFold(batch, here);
    expect(plan?.entries).toMatchObject([
      { sequence: '8', countsInAll: true },
      { sequence: '9', countsInAll: false },
      { sequence: '10', countsInAll: true },
    ]);
  });

  test('plans nothing for a region that it changes nothing in', () => {
    expect(planFold([change(undefined, token())], elsewhere)).toEqual([]);
    expect(planFold([], here)).toEqual([]);
  });
});
