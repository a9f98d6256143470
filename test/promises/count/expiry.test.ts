import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { crowdCells } from '../../harness/counts/crowded-cells.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import {
  createTallyUnderTest,
  open,
  type TallyOptions,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
      daily: { kind: 'count', windows: ['day'], keepDays: { day: 7 }, access: open },
      views: {
        kind: 'count',
        write: 'deferred',
        windows: ['all', 'day', 'hour', 'minute'],
        access: open,
      },
    },
    startsAt: '2096-02-28T22:58:30.000Z',
  });
});

describe('a cell expires', () => {
  /** A business day may end a day and a half after the same date in UTC. */
  const dayEndsAt = '2096-03-01T12:00:00Z';
  const windows = [
    { kind: 'day', window: '2096-02-28', endsAt: dayEndsAt, keepDays: 400 },
    { kind: 'hour', window: '2096-02-28T22Z', endsAt: '2096-02-28T23:00:00Z', keepDays: 35 },
    { kind: 'minute', window: '2096-02-28T22:58Z', endsAt: '2096-02-28T22:59:00Z', keepDays: 1 },
  ];

  test.each(windows)(
    '$keepDays days after the end of its $kind, and up to 3 hours later',
    async ({ window, endsAt, keepDays }) => {
      const earliest = (Date.parse(endsAt) + keepDays * DAY) / 1000;
      const subjects = Array.from({ length: 20 }, (_, index) => `post-${index}`);
      await Promise.all(subjects.map((subject) => tally.change(`${subject}/views`, 1)));
      await tally.settle();
      const expiries = (await tally.items())
        .filter(({ pk, sk }) => String(pk).startsWith('c#') && sk === window)
        .map(({ x }) => Number(x));
      expect(expiries).toHaveLength(subjects.length);
      expect(new Set(expiries).size).toBeGreaterThan(subjects.length / 2);
      for (const expiry of expiries) {
        expect(expiry).toBeGreaterThanOrEqual(earliest);
        expect(expiry).toBeLessThanOrEqual(earliest + 3 * 3600);
      }
    },
  );

  test('as many days later as is configured', async () => {
    await tally.change('post/daily', 1);
    const [cell] = await tally.items();
    const earliest = (Date.parse(dayEndsAt) + 7 * DAY) / 1000;
    expect(cell?.x).toBeGreaterThanOrEqual(earliest);
    expect(cell?.x).toBeLessThanOrEqual(earliest + 3 * 3600);
  });

  test('no later for the changes that come after the first', async () => {
    await tally.change('post/daily', 1);
    const [before] = await tally.items();
    tally.clock.advance(HOUR / 2);
    for (const options of [{}, { token: 'a' }]) await tally.change('post/daily', 1, options);
    const daily = { subject: 'post', counter: 'daily', window: '2096-02-28' };
    expect(await tally.cell(daily)).toMatchObject({ n: 3, x: before?.x });
  });

  test('never, if its window is all time', async () => {
    await tally.change('post/likes', 1, { token: 'a' });
    await tally.change('post/views', 1, { token: 'a' });
    await tally.settle();
    for (const counter of ['likes', 'views']) {
      const cell = await tally.cell({ subject: 'post', counter });
      expect(cell).toMatchObject({ n: 1 });
      expect(cell).not.toHaveProperty('x');
    }
  });
});

describe('a day of several cells', () => {
  const startsAt = '2096-02-28T12:00:00.000Z';
  const day = { window: 'day', from: '2096-02-28', to: '2096-02-28' };
  const counters = (days: number): TallyOptions['counters'] => ({
    daily: { kind: 'count', windows: ['day'], keepDays: { day: days }, access: open },
  });
  let proxy: FaultProxy;

  /** Counts 40 through two containers, in cells that each of them made at a time of its own. */
  beforeEach(async () => {
    ({ tally, proxy } = await createTallyBehindProxy({
      counters: counters(7),
      startsAt,
      instances: 2,
    }));
    const busy = crowdCells(proxy);
    for (let round = 0; round < 3; round++) {
      for (const instance of tally.instances) await instance.change('post/daily', 1);
      tally.clock.advance(limits.hotForMs + 1);
    }
    busy.remove();
    await tally.settle();
    for (let index = 0; index < 34; index++) {
      tally.clock.advance(60_000);
      await tally.instances[index % 2]?.change('post/daily', 1);
    }
  });

  afterEach(() => proxy.stop());

  const cells = async (on: TallyUnderTest) =>
    (await on.items()).filter(({ pk }) => String(pk).startsWith('c#'));

  const history = async (on: TallyUnderTest) => {
    const { body } = await on.send({ method: 'GET', path: '/v1/post/daily/history', query: day });
    return (body as { rows: { count: number | null }[] }).rows.map(({ count }) => count);
  };

  /** Deletes cells in the order of their expiry, one at a time, as DynamoDB may at any moment after it. */
  async function expectAllOrNothing(on: TallyUnderTest): Promise<void> {
    const sorted = (await cells(on)).toSorted((a, b) => Number(a.x) - Number(b.x));
    expect(sorted.length).toBeGreaterThan(3);
    on.clock.moveTo(Number(sorted[0]?.x) * 1000 - 2_000);
    expect(await history(on)).toEqual([40]);
    for (const { pk, sk, x } of sorted) {
      on.clock.moveTo(Number(x) * 1000);
      expect(await history(on)).toEqual([null]);
      const Key = { pk: { S: String(pk) }, sk: { S: String(sk) } };
      const { client, tableName } = on.table;
      await client.send(new DeleteItemCommand({ TableName: tableName, Key }));
      expect(await history(on)).toEqual([null]);
    }
  }

  test('expires at once, whatever wrote them, and is never shown in part', async () => {
    expect(new Set((await cells(tally)).map(({ x }) => x)).size).toBe(1);
    await expectAllOrNothing(tally);
  });

  test.each([
    ['shorter', 3],
    ['longer', 9],
  ])('is never shown in part either when days are kept %s from now on', async (_, days) => {
    const later = await createTallyUnderTest({
      counters: counters(days),
      startsAt: '2096-02-28T18:00:00.000Z',
      table: tally.table,
    });
    const { clock } = later;
    const before = (await cells(later)).map(({ x }) => Number(x));
    const keptUntil = Math.min(...before) + Math.min(0, days - 7) * (DAY / 1000);
    clock.moveTo(keptUntil * 1000 - 2_000);
    expect(await history(later)).toEqual([40]);
    clock.moveTo(keptUntil * 1000);
    expect(await history(later)).toEqual([null]);
  });
});
