import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { adminKey } from '../../harness/access/callers.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { putSettings, readHistory } from '../../harness/http/requests.ts';
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
      hourly: { kind: 'count', windows: ['hour'], keepDays: { hour: 2 }, access: open },
      likes: { kind: 'count', access: open },
      viewers: { kind: 'presence', access: open },
    },
    startsAt: '2096-02-28T22:30:00Z',
    adminKey,
  }));
});

afterEach(() => proxy.stop());

interface Row {
  readonly window: string;
  readonly starts_at: string;
  readonly count: number | null;
  readonly open: boolean;
}

const rowsOf = ({ body }: Answer): Row[] => {
  expect(body).toHaveProperty('rows');
  return (body as { rows: Row[] }).rows;
};
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
        from: day(19),
        to: day(24),
        starts_at: `${day(19)}T00:00:00Z`,
        ends_at: `${day(25)}T00:00:00Z`,
        kept_from: '2095-01-18',
        rows: [
          { window: day(19), count: 0, open: false },
          { window: day(20), count: 1, open: false },
          { window: day(21), count: 14, open: false },
          { window: day(22), count: 0, open: false },
          { window: day(23), count: 0, open: false },
          { window: day(24), count: 11, open: true },
        ].map((row) => ({ ...row, starts_at: `${row.window}T00:00:00Z` })),
      },
    });
  });

  test('has a row for each hour; a day stands for all its hours', async () => {
    const rows = await history('post/views', 'hour', '2096-02-20T22', day(21));
    expect(rows).toHaveLength(2 + 24);
    expect(rows[0]?.window).toBe('2096-02-20T22Z');
    expect(rows.at(-1)?.window).toBe('2096-02-21T23Z');
    expect(counts(rows.slice(0, 5))).toEqual([0, 1, 6, 8, 0]);
    expect(await history('post/views', 'hour', day(24), '2096-02-24T12')).toHaveLength(13);
    expect(await history('post/views', 'hour', day(24), day(24))).toContainEqual({
      window: '2096-02-24T12Z',
      starts_at: '2096-02-24T12:00:00Z',
      count: 11,
      open: true,
    });
  });

  test('adds up to the count, by days and by hours', async () => {
    const { body } = await tally.read('post/views', { consistent: 'true' });
    for (const window of ['day', 'hour']) {
      const rows = await history('post/views', window, day(19), day(24));
      expect(counts(rows).reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(
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
      { window: '2096-02-21T00Z', starts_at: '2096-02-21T00:00:00Z', count: 6, open: false },
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
    expect(counts(await history('post/daily', 'day', day(9), day(11)))).toEqual([null, 5, 0]);
    tally.clock.moveTo(expiresAtMs);
    expect(counts(await history('post/daily', 'day', day(9), day(11)))).toEqual([null, null, 0]);
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
    ['an hour of no day', { ...range, window: 'hour', from: '2096-02-30T09' }, badRange],
    [
      'an hour with minutes of its own',
      { ...range, window: 'hour', from: '2096-02-01T09h30' },
      badRange,
    ],
    ['no range', { window: 'day' }, badRange],
    ['a range and the last days', { ...range, last: '7d' }, badRange],
    ['a window and the last days', { window: 'day', last: '7d' }, badRange],
    ['the last of nothing', { last: '0h' }, badRange],
    ['the last weeks', { last: '2w' }, badRange],
    ['a fraction of the last days', { last: '1.5d' }, badRange],
    ['the last minutes of a counter without', { last: '60m' }, badWindow],
    [
      'too many of the last hours',
      { last: '1001h' },
      { status: 400, body: { code: 'range_too_large' } },
    ],
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
  ['hour', '0000-01-01', '0000-01-01', 24],
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

describe('the hours of a subject are those of its own clock', () => {
  const adminPut = (settings: object) => putSettings(tally, 'shop', settings);
  const wholeDay = (window: string, date: string) => history('shop/views', window, date, date);

  /** At these times it counts 1, 2, 4, …; then reads a day by days and by hours. */
  async function countAt(times: readonly string[]): Promise<void> {
    for (const [index, at] of times.entries()) await addAt(at, 'shop/views', 2 ** index);
    await tally.settle();
  }

  test('in Los Angeles, before midnight, when it is another day in UTC', async () => {
    await adminPut({ time_zone: 'America/Los_Angeles' });
    await countAt(['2096-02-26T07:34:00Z', '2096-02-26T08:00:00Z']);
    expect(counts(await wholeDay('day', day(25)))).toEqual([1]);
    const hours = await wholeDay('hour', day(25));
    expect(hours).toHaveLength(24);
    expect(hours.at(-1)).toEqual({
      window: '2096-02-26T07Z',
      starts_at: '2096-02-25T23:00:00-08:00',
      count: 1,
      open: false,
    });
    expect(counts(hours.slice(0, -1))).toEqual(Array.from({ length: 23 }, () => 0));
    expect(counts(await wholeDay('hour', day(26)))[0]).toBe(2);
  });

  test('in Kolkata, half an hour off, and with a day that begins at 05:30', async () => {
    await adminPut({ time_zone: 'Asia/Kolkata', day_start: '05:30' });
    await countAt([
      '2096-02-20T23:59:59Z',
      '2096-02-21T00:00:00Z',
      '2096-02-21T00:29:59Z',
      '2096-02-21T00:30:00Z',
    ]);
    const hours = await wholeDay('hour', day(21));
    expect(hours.slice(0, 2)).toMatchObject([
      { window: '2096-02-21T00Z', starts_at: '2096-02-21T05:30:00+05:30', count: 2 + 4 },
      { window: '2096-02-21T00h30Z', starts_at: '2096-02-21T06:00:00+05:30', count: 8 },
    ]);
    expect(counts(await wholeDay('day', day(21)))).toEqual([2 + 4 + 8]);
    expect(counts(await wholeDay('hour', day(20))).at(-1)).toBe(1);
  });

  test('in a night in which the clock shows an hour twice', async () => {
    await adminPut({ time_zone: 'Europe/Berlin' });
    // 02:30 before the clocks go back, and after; then 03:30.
    await countAt(['2096-10-28T00:30:00Z', '2096-10-28T01:30:00Z', '2096-10-28T02:30:00Z']);
    const [from, to] = ['2096-10-28T02', '2096-10-28T02'];
    expect(await history('shop/views', 'hour', from, to)).toMatchObject([
      { starts_at: '2096-10-28T02:00:00+02:00', count: 1 },
      { starts_at: '2096-10-28T02:00:00+01:00', count: 2 },
    ]);
    expect(await wholeDay('hour', '2096-10-28')).toHaveLength(25);
    // The key of a window is that window alone.
    const key = '2096-10-28T01Z';
    expect(counts(await history('shop/views', 'hour', key, key))).toEqual([2]);
  });

  test('and what is over keeps its hours when the settings change', async () => {
    await countAt(['2096-02-21T10:15:00Z']);
    await adminPut({ time_zone: 'America/Los_Angeles' });
    const hours = await wholeDay('hour', day(21));
    expect(hours).toContainEqual({
      window: '2096-02-21T10Z',
      starts_at: '2096-02-21T02:00:00-08:00',
      count: 1,
      open: true,
    });
  });
});

test('the hours of before are in the history when the clock of a subject is half an hour off from now on', async () => {
  for (const [index, at] of ['2096-02-21T10:15:00Z', '2096-02-21T11:45:00Z'].entries()) {
    await addAt(at, 'shop/views', 2 ** index);
  }
  await tally.settle();
  tally.clock.moveTo('2096-02-21T12:00:00Z');
  await putSettings(tally, 'shop', { time_zone: 'Asia/Kolkata' });
  await addAt('2096-02-21T12:45:00Z', 'shop/views', 4);
  await tally.settle();
  const rows = await history('shop/views', 'hour', day(21), day(21));
  expect(rows).toHaveLength(24);
  // Each is in the row in which it began: those of UTC began at half past by the new clock.
  expect(rows.filter(({ count }) => count !== 0)).toMatchObject([
    { starts_at: '2096-02-21T15:00:00+05:30', count: 1 },
    { starts_at: '2096-02-21T16:00:00+05:30', count: 2 },
    { starts_at: '2096-02-21T18:00:00+05:30', count: 4 },
  ]);
  const range = { from: '2096-02-21T00', to: '2096-02-21T23' };
  expect(await tally.read('shop/views', range)).toMatchObject({ body: { count: 7 } });
});

describe('a range is one number', () => {
  beforeEach(async () => {
    await addAt('2096-02-20T23:30:00Z', 'post/views', 1);
    await addAt('2096-02-21T00:30:00Z', 'post/views', 2);
    await addAt('2096-02-24T12:30:00Z', 'post/views', 4);
    await tally.settle();
  });

  const sum = async (query: Record<string, string>) => (await tally.read('post/views', query)).body;

  test('from one window to another, both included, and says which', async () => {
    expect(await sum({ from: day(20), to: day(21) })).toEqual({
      count: 3,
      from: day(20),
      to: day(21),
      starts_at: `${day(20)}T00:00:00Z`,
      ends_at: `${day(22)}T00:00:00Z`,
      kept_from: '2095-01-18',
    });
    expect(await sum({ from: '2096-02-21T00', to: day(24) })).toMatchObject({
      count: 6,
      from: '2096-02-21T00Z',
      to: '2096-02-24T23Z',
    });
    expect(await sum({ from: day(20), to: day(20), consistent: 'true' })).toMatchObject({
      count: 1,
    });
  });

  test('or the last windows until now', async () => {
    expect(await sum({ last: '24h' })).toMatchObject({
      count: 4,
      from: '2096-02-23T13Z',
      to: '2096-02-24T12Z',
      ends_at: '2096-02-24T13:00:00Z',
    });
    expect(await sum({ last: '1h' })).toMatchObject({ count: 4, from: '2096-02-24T12Z' });
    expect(await sum({ last: '4d' })).toMatchObject({ count: 6, from: day(21), to: day(24) });
    expect(await sum({ last: '5d' })).toMatchObject({ count: 7 });
    const { body } = await readHistory(tally, 'post/views', { last: '3d' });
    expect(body).toMatchObject({ window: 'day', from: day(22), to: day(24) });
  });

  test('unless it was not counted by such windows, or has none', async () => {
    const refused = (code: string) => ({ status: 400, body: { code } });
    expect(await tally.read('post/views', { last: '5m' })).toMatchObject(refused('invalid_window'));
    expect(await tally.read('post/likes', { last: '24h' })).toMatchObject(
      refused('invalid_window'),
    );
    expect(await tally.read('post/views', { from: day(1) })).toMatchObject(
      refused('invalid_range'),
    );
    expect(
      await tally.read('post/views', { window: 'all', from: day(1), to: day(2) }),
    ).toMatchObject(refused('invalid_range'));
    expect(await tally.read('post/viewers', { last: '24h' })).toMatchObject(
      refused('invalid_range'),
    );
  });
});

test('an hour that is not kept any more has no number, and the answer says from when on there are', async () => {
  await addAt('2096-02-25T10:30:00Z', 'post/hourly', 5);
  await addAt('2096-02-25T11:30:00Z', 'post/hourly', 7);
  const { x } =
    (await tally.cell({ subject: 'post', counter: 'hourly', window: '2096-02-25T10Z' })) ?? {};
  expect(Number(x) * 1000).toBeGreaterThanOrEqual(Date.parse('2096-02-27T11:00:00Z'));
  const range = { from: '2096-02-25T10', to: '2096-02-25T11' };
  const read = async () => {
    const [rows, sum] = [
      await readHistory(tally, 'post/hourly', range),
      await tally.read('post/hourly', range),
    ];
    return { counts: counts(rowsOf(rows)), rows: rows.body, sum: sum.body };
  };
  tally.clock.moveTo('2096-02-27T10:59:59Z');
  expect(await read()).toMatchObject({ counts: [5, 7], sum: { count: 12 } });
  // An hour later by the spread of expiry at most, hour by hour.
  const seen: (number | null)[][] = [];
  for (let minute = 0; minute <= 5 * 60; minute += 5) {
    tally.clock.moveTo(Date.parse('2096-02-27T11:00:00Z') + minute * 60_000);
    const answer = await read();
    const keptFrom = (answer.rows as { kept_from: string }).kept_from;
    const kept = ['2096-02-25T10Z', '2096-02-25T11Z'].map((key) => key >= keptFrom);
    expect(answer.counts).toEqual([kept[0] ? 5 : null, kept[1] ? 7 : null]);
    expect(answer.sum).toMatchObject({ count: kept[0] ? 12 : null, kept_from: keptFrom });
    seen.push(answer.counts);
  }
  expect(seen.at(-1)).toEqual([null, null]);
  expect(seen).toContainEqual([null, 7]);
});
