/**
 * Two restaurants while the clocks change: each has its own zone and start of day, and every ticket
 * and every count belongs to the day that the restaurant's own wall clock says.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { adminKey } from '../../harness/access/callers.ts';
import {
  countOf,
  draw,
  putSettings,
  readHistory,
  type Ticket,
  ticketOf,
} from '../../harness/http/requests.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';
import { hourMs, lastBegunDay } from '../../harness/wall-clock.ts';

const restaurants = {
  nachtcafe: { timeZone: 'Europe/Berlin', dayStart: '04:00' },
  diner: { timeZone: 'America/New_York', dayStart: '00:00' },
} as const;
const names = ['nachtcafe', 'diner'] as const;

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      orders: { kind: 'ticket', access: open },
      guests: { kind: 'count', windows: ['day'], access: open },
    },
    adminKey,
  });
  for (const name of names) {
    const { timeZone, dayStart } = restaurants[name];
    await putSettings(tally, name, { time_zone: timeZone, day_start: dayStart });
  }
});

interface Season {
  readonly name: string;
  /** When the clocks change, and the day on which they do. */
  readonly changes: Readonly<Record<keyof typeof restaurants, readonly [string, string]>>;
  readonly hours: number;
}

const seasons: readonly Season[] = [
  {
    name: 'spring',
    changes: {
      nachtcafe: ['2096-03-25T01:00:00Z', '2096-03-24'],
      diner: ['2096-03-11T07:00:00Z', '2096-03-11'],
    },
    hours: 23,
  },
  {
    name: 'autumn',
    changes: {
      nachtcafe: ['2096-10-28T01:00:00Z', '2096-10-27'],
      diner: ['2096-11-04T06:00:00Z', '2096-11-04'],
    },
    hours: 25,
  },
];

describe.each(seasons)('while the clocks change in $name', ({ changes, hours }) => {
  /** The last and the first millisecond of each hour, from 30 hours before to 30 after. */
  const moments = (change: string) =>
    Array.from({ length: 60 }, (_, hour) => Date.parse(change) + (hour - 30) * hourMs).flatMap(
      (atMs) => [atMs - 1, atMs],
    );

  test.each(names)(
    'every ticket of the %s is on its business day, and each day starts at 1',
    async (name) => {
      const [change, dayOfChange] = changes[name];
      const drawn: Ticket[] = [];
      const expected: Ticket[] = [];
      for (const atMs of moments(change)) {
        tally.clock.moveTo(atMs);
        const day = lastBegunDay(atMs, restaurants[name]);
        const earlier = expected.filter((it) => it.day === day).length;
        expected.push({ number: earlier + 1, day, shift: 1 });
        drawn.push(ticketOf(await draw(tally, `${name}/orders`)));
      }
      expect(drawn).toEqual(expected);
      expect(drawn.filter(({ day }) => day === dayOfChange)).toHaveLength(2 * hours);
    },
  );

  test.each(names)('every guest of the %s is in the history of its business day', async (name) => {
    const [change] = changes[name];
    const expected = new Map<string, number>();
    for (const atMs of moments(change).filter((_, index) => index % 4 < 2)) {
      tally.clock.moveTo(atMs);
      const day = lastBegunDay(atMs, restaurants[name]);
      expected.set(day, (expected.get(day) ?? 0) + 1);
      expect(countOf(await tally.change(`${name}/guests`, 1))).toBe(expected.get(day));
    }
    const days = [...expected.keys()];
    const from = days.at(0) ?? '';
    const to = days.at(-1) ?? '';
    expect(await readHistory(tally, `${name}/guests`, { window: 'day', from, to })).toMatchObject({
      body: {
        rows: days.map((window) => ({ window, count: expected.get(window), open: window === to })),
      },
    });
  });
});

test('the same moment is another day for each of them', async () => {
  const days = async (at: string) => {
    tally.clock.moveTo(at);
    return Promise.all(
      names.map(async (name) => ticketOf(await draw(tally, `${name}/orders`)).day),
    );
  };
  expect(await days('2096-03-20T04:30:00Z')).toEqual(['2096-03-20', '2096-03-20']);
  expect(await days('2096-03-20T02:30:00Z')).toEqual(['2096-03-19', '2096-03-19']);
  expect(await days('2096-03-20T03:30:00Z')).toEqual(['2096-03-20', '2096-03-19']);
});
