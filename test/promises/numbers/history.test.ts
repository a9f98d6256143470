import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { readHistory } from '../../harness/http/requests.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { type Answer, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: {
      views: { kind: 'count', write: 'deferred', windows: ['all', 'day', 'hour'], access: open },
      daily: { kind: 'count', windows: ['day'], keepDays: { day: 3 }, access: open },
      calls: { kind: 'count', windows: ['minute'], bounds: { max: 100 }, access: open },
      likes: { kind: 'count', access: open },
    },
    startsAt: '2096-02-28T22:30:00Z',
  }));
});

afterEach(() => proxy.stop());

interface Row {
  readonly window: string;
  readonly count: number;
  readonly open: boolean;
}

const rowsOf = ({ body }: Answer): Row[] => (body as { rows: Row[] }).rows;
const history = async (counter: string, window: string, from: string, to: string) =>
  rowsOf(await readHistory(tally, counter, { window, from, to }));
const counts = (rows: readonly Row[]) => rows.map(({ count }) => count);

const day = (number: number) => `2096-02-${String(number).padStart(2, '0')}`;

async function addAt(at: string, counter: string, amount: number): Promise<void> {
  tally.clock.moveTo(at);
  expect(await tally.change(counter, amount)).toMatchObject({ status: 200 });
}

describe('the history of a counter', () => {
  beforeEach(async () => {
    await addAt('2096-02-20T23:59:59.999Z', 'post/views', 1);
    await addAt('2096-02-21T00:00:00Z', 'post/views', 2);
    await addAt('2096-02-21T00:59:59.999Z', 'post/views', 4);
    await addAt('2096-02-21T01:00:00Z', 'post/views', 8);
    await addAt('2096-02-24T12:00:00Z', 'post/views', 16);
    await addAt('2096-02-24T12:30:00Z', 'post/views', -5);
    await tally.settle();
  });

  test('has a row for each day, 0 where nothing happened, the one that goes on marked', async () => {
    expect(
      await readHistory(tally, 'post/views', { window: 'day', from: day(19), to: day(24) }),
    ).toEqual({
      status: 200,
      headers: expect.objectContaining({ 'cache-control': 'public, max-age=1' }),
      body: {
        window: 'day',
        rows: [
          { window: day(19), count: 0, open: false },
          { window: day(20), count: 1, open: false },
          { window: day(21), count: 14, open: false },
          { window: day(22), count: 0, open: false },
          { window: day(23), count: 0, open: false },
          { window: day(24), count: 11, open: true },
        ],
      },
    });
  });

  test('has a row for each hour; a day stands for all its hours', async () => {
    const rows = await history('post/views', 'hour', '2096-02-20T22', day(21));
    expect(rows).toHaveLength(2 + 24);
    expect(rows[0]?.window).toBe('2096-02-20T22');
    expect(rows.at(-1)?.window).toBe('2096-02-21T23');
    expect(counts(rows.slice(0, 5))).toEqual([0, 1, 6, 8, 0]);
    expect(await history('post/views', 'hour', day(24), '2096-02-24T12')).toHaveLength(13);
    expect(await history('post/views', 'hour', day(24), day(24))).toContainEqual({
      window: '2096-02-24T12',
      count: 11,
      open: true,
    });
  });

  test('adds up to the count, by days and by hours', async () => {
    const { body } = await tally.read('post/views', { consistent: 'true' });
    for (const window of ['day', 'hour']) {
      const rows = await history('post/views', window, day(19), day(24));
      expect(counts(rows).reduce((sum, count) => sum + count, 0)).toBe(
        (body as { count: number }).count,
      );
    }
  });

  test('holds as open the window of now alone: what is to come has not been opened yet', async () => {
    const rows = await history('post/views', 'day', day(23), day(26));
    expect(rows.map((row) => row.open)).toEqual([false, true, false, false]);
    expect(counts(rows)).toEqual([0, 11, 0, 0]);
  });

  test('may be a single window', async () => {
    expect(await history('post/views', 'day', day(21), day(21))).toHaveLength(1);
    expect(await history('post/views', 'hour', '2096-02-21T00', '2096-02-21T00')).toEqual([
      { window: '2096-02-21T00', count: 6, open: false },
    ]);
  });

  test('of a counter nobody touched is 0 throughout', async () => {
    const rows = await history('other/views', 'day', day(19), day(24));
    expect(counts(rows)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('includes shards: a window is a total like any other', async () => {
    const cell = { subject: 'hot', counter: 'views', window: day(21) };
    await tally.seedCell(cell, { n: 5, s: 3 });
    await tally.seedCell({ ...cell, shard: 2 }, { n: 7 });
    expect(counts(await history('hot/views', 'day', day(20), day(22)))).toEqual([0, 12, 0]);
  });
});

test('minutes have a history, too', async () => {
  await addAt('2096-02-28T22:30:10Z', 'key/calls', 3);
  await addAt('2096-02-28T22:32:10Z', 'key/calls', 1);
  const rows = await history('key/calls', 'minute', '2096-02-28T22:30', '2096-02-28T22:33');
  expect(rows.map(({ count, open: isOpen }) => [count, isOpen])).toEqual([
    [3, false],
    [0, false],
    [1, true],
    [0, false],
  ]);
  expect(await history('key/calls', 'minute', '2096-02-28T23:30', day(28))).toHaveLength(30);
});

test('a whole month is one call to the table, and the longest history ten', async () => {
  const calls = () => proxy.requests.map(({ operation }) => operation);
  const keysOf = () =>
    proxy.requests.flatMap(({ body }) => {
      const asked = body.RequestItems as Record<string, { Keys: unknown[] }> | undefined;
      return asked ? [asked[tally.table.tableName]?.Keys.length] : [];
    });
  await history('post/views', 'day', '2096-01-01', '2096-01-01');
  proxy.forget();
  expect(await history('post/views', 'day', '2096-01-01', '2096-01-31')).toHaveLength(31);
  expect(calls()).toEqual(['BatchGetItem']);
  proxy.forget();
  const from = '2093-06-01';
  const to = '2096-02-25';
  expect(await history('post/views', 'day', from, to)).toHaveLength(limits.historyRows);
  expect(keysOf()).toEqual(Array.from({ length: 10 }, () => 100));
});

describe('windows that have expired', () => {
  test('show no more, although their items are still there', async () => {
    await addAt('2096-02-10T12:00:00Z', 'post/daily', 5);
    const item = await tally.cell({ subject: 'post', counter: 'daily', window: day(10) });
    const expiresAtMs = Number(item?.x) * 1000;

    tally.clock.moveTo(expiresAtMs - 1);
    expect(counts(await history('post/daily', 'day', day(9), day(11)))).toEqual([0, 5, 0]);
    tally.clock.moveTo(expiresAtMs);
    expect(counts(await history('post/daily', 'day', day(9), day(11)))).toEqual([0, 0, 0]);
    expect(await tally.cell({ subject: 'post', counter: 'daily', window: day(10) })).toEqual(item);
  });

  test('show no more as the current count either', async () => {
    const cell = { subject: 'post', counter: 'daily', window: day(28) };
    await tally.seedCell(cell, { n: 5, t: 1, x: Math.floor(tally.clock.now() / 1000) });
    expect(await tally.read('post/daily')).toMatchObject({ body: { count: 0, updated_at: null } });
  });
});

describe('a history that is not valid', () => {
  const range = { window: 'day', from: day(1), to: day(2) };
  const badRange = { status: 400, body: { code: 'invalid_range' } };
  const badWindow = { status: 400, body: { code: 'invalid_window' } };

  test.each([
    ['from after to', { ...range, from: day(3) }, badRange],
    [
      'hours from after to',
      { window: 'hour', from: '2096-02-01T10', to: '2096-02-01T09' },
      badRange,
    ],
    ['no from', { window: 'day', to: day(2) }, badRange],
    ['no to', { window: 'day', from: day(1) }, badRange],
    ['a day that no month has', { ...range, to: '2096-02-30' }, badRange],
    ['an hour for a day', { ...range, from: '2096-02-01T09' }, badRange],
    ['a minute for an hour', { ...range, window: 'hour', from: '2096-02-01T09:30' }, badRange],
    ['the window of all', { ...range, from: '-' }, badRange],
    ['a moment', { ...range, from: '2096-02-01T00:00:00Z' }, badRange],
    ['a number', { ...range, from: '20960201' }, badRange],
    ['nothing', { ...range, from: '' }, badRange],
    ['no window', { from: day(1), to: day(2) }, badWindow],
    ['a window the counter does not have', { ...range, window: 'minute' }, badWindow],
    ['the window that never ends', { ...range, window: 'all' }, badWindow],
    ['a window nobody has', { ...range, window: 'week' }, badWindow],
    [
      'a row too many',
      { window: 'day', from: '2093-06-01', to: '2096-02-26' },
      { status: 400, body: { code: 'range_too_large' } },
    ],
    [
      'all there is',
      { window: 'hour', from: '0000-01-01', to: '9999-12-31' },
      { status: 400, body: { code: 'range_too_large' } },
    ],
  ])('%s', async (_, query, expected) => {
    expect(await readHistory(tally, 'post/views', query)).toMatchObject(expected);
    expect(proxy.requests).toEqual([]);
  });

  test('of a counter that is not there, or not counted by windows', async () => {
    expect(await readHistory(tally, 'post/nothing', range)).toMatchObject({
      status: 404,
      body: { code: 'unknown_counter' },
    });
    expect(await readHistory(tally, 'post/likes', range)).toMatchObject(badWindow);
  });
});

test.each([
  ['day', '9999-12-30', '9999-12-31', 2],
  ['hour', '9999-12-31', '9999-12-31', 24],
  ['minute', '9999-12-31T23:58', '9999-12-31T23:59', 2],
  ['day', '0000-01-01', '0000-01-02', 2],
])('the calendar has a first and a last %s', async (window, from, to, length) => {
  const counter = window === 'minute' ? 'post/calls' : 'post/views';
  expect(await history(counter, window, from, to)).toHaveLength(length);
});

test('a count beyond the exact integers of JSON is an error, not a rounded row', async () => {
  const n = BigInt(Number.MAX_SAFE_INTEGER) + 1n;
  await tally.seedCell({ subject: 'post', counter: 'views', window: day(2) }, { n });
  const query = { window: 'day', from: day(1), to: day(3) };
  expect(await readHistory(tally, 'post/views', query)).toMatchObject({
    status: 409,
    body: { code: 'count_too_large', detail: expect.stringContaining(day(2)) },
  });
});
