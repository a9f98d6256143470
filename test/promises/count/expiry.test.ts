import { beforeEach, describe, expect, test } from 'vitest';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

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
    { kind: 'hour', window: '2096-02-28T22', endsAt: '2096-02-28T23:00:00Z', keepDays: 35 },
    { kind: 'minute', window: '2096-02-28T22:58', endsAt: '2096-02-28T22:59:00Z', keepDays: 1 },
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
