import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { businessDay, type Calendar, dayStartMs } from '../../../functions/rules/calendar.ts';
import {
  clockTime,
  hourEndMs,
  hourStartMs,
  hourStartsFrom,
  momentsOf,
} from '../../../functions/rules/clock-hours.ts';
import {
  momentInKey,
  windowEndMs,
  windowKeyAt,
  windowKeysBetween,
  windowStartMs,
} from '../../../functions/rules/windows.ts';
import { anyTime, moments, zones } from '../../harness/clock-changes.ts';
import { hourMs, minuteMs, wallClock } from '../../harness/wall-clock.ts';

const numRuns = 400;

/** The hours of a day, as a history reads them. */
function hoursOf(day: string, calendar: Calendar): readonly string[] {
  const range = {
    from: windowKeyAt('hour', windowStartMs(day, calendar), calendar),
    to: windowKeyAt('hour', windowEndMs(day, calendar) - 1, calendar),
  };
  return windowKeysBetween('hour', range, { most: 60, calendar }) ?? [];
}

const minutesOf = (hour: string, calendar: Calendar) => {
  const range = {
    from: windowKeyAt('minute', windowStartMs(hour, calendar)),
    to: windowKeyAt('minute', windowEndMs(hour, calendar) - 1),
  };
  return windowKeysBetween('minute', range, { most: 60 }) ?? [];
};

describe('the hours of a day', () => {
  test('add up to the day, for any zone, start of day and moment; and the minutes to the hour', () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(moments, shares, ({ calendar, atMs }, changes) => {
        const day = businessDay(atMs, calendar);
        const [startMs, endMs] = [windowStartMs(day, calendar), windowEndMs(day, calendar)];
        // Changes of count 1, all over the day and around it, each put into its windows.
        const counts = new Map<string, number>();
        const span = endMs - startMs;
        for (const share of changes) {
          const changedAtMs = Math.floor(startMs + (share * 3 - 1) * span);
          for (const kind of ['day', 'hour', 'minute'] as const) {
            const key = windowKeyAt(kind, changedAtMs, calendar);
            counts.set(key, (counts.get(key) ?? 0) + 1);
          }
        }
        const sum = (keys: readonly string[]) =>
          keys.reduce((all, key) => all + (counts.get(key) ?? 0), 0);
        const hours = hoursOf(day, calendar);
        expect(sum(hours)).toBe(counts.get(day) ?? 0);
        for (const hour of hours) {
          expect(sum(minutesOf(hour, calendar))).toBe(counts.get(hour) ?? 0);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('follow each other without a gap from the start of the day to its end', () => {
    fc.assert(
      fc.property(moments, ({ calendar, atMs }) => {
        const day = businessDay(atMs, calendar);
        const hours = hoursOf(day, calendar);
        const starts = hours.map((key) => windowStartMs(key, calendar));
        const ends = hours.map((key) => windowEndMs(key, calendar));
        expect(starts[0]).toBe(dayStartMs(day, calendar));
        expect(starts.slice(1)).toEqual(ends.slice(0, -1));
        expect(ends.at(-1)).toBe(windowEndMs(day, calendar));
        expect(hours).toEqual(hours.toSorted());
      }),
      { numRuns },
    );
  });

  test('are no longer than an hour, and begin at a full one unless something cuts them', () => {
    fc.assert(
      fc.property(moments, ({ calendar, atMs }) => {
        const startMs = hourStartMs(atMs, calendar);
        expect(startMs).toBeLessThanOrEqual(atMs);
        expect(hourStartMs(startMs, calendar)).toBe(startMs);
        const endMs = hourEndMs(startMs, calendar);
        expect(endMs).toBeGreaterThan(atMs);
        expect(endMs - startMs).toBeLessThanOrEqual(hourMs);
        expect(hourStartMs(endMs, calendar)).toBe(endMs);
        const isFull = wallClock(calendar.timeZone, startMs).endsWith(':00');
        const isCut =
          dayStartMs(businessDay(startMs, calendar), calendar) === startMs ||
          clockOffset(startMs, calendar) !== clockOffset(startMs - 1, calendar);
        expect(isFull || isCut).toBe(true);
      }),
      { numRuns },
    );
  });

  const hoursFrom = (day: string, calendar: Calendar) =>
    hoursOf(day, calendar).map((key) => clockTime(momentInKey(key), calendar).slice(11, 16));

  test('are 24 from 00:30 UTC on in Kolkata, where the clock is half an hour off', () => {
    const calendar = { timeZone: 'Asia/Kolkata', dayStart: '00:00' };
    const keys = hoursOf('2026-11-21', calendar);
    expect(keys).toHaveLength(24);
    expect(keys.slice(0, 2)).toEqual(['2026-11-20T18h30Z', '2026-11-20T19h30Z']);
    expect(hoursFrom('2026-11-21', calendar).at(-1)).toBe('23:00');
  });

  test('are cut where a day begins at 05:30', () => {
    const calendar = { timeZone: 'UTC', dayStart: '05:30' };
    const hours = hoursFrom('2026-11-21', calendar);
    expect(hours).toHaveLength(25);
    expect([...hours.slice(0, 2), ...hours.slice(-2)]).toEqual([
      '05:30',
      '06:00',
      '04:00',
      '05:00',
    ]);
  });

  test('show 01:30 twice on Lord Howe, when the clocks go back by half an hour', () => {
    const calendar = { timeZone: 'Australia/Lord_Howe', dayStart: '00:00' };
    const hours = hoursFrom('2026-04-05', calendar);
    expect(hours.slice(0, 4)).toEqual(['00:00', '01:00', '01:30', '02:00']);
    expect(hoursFrom('2026-10-04', calendar).slice(0, 4)).toEqual([
      '00:00',
      '01:00',
      '02:30',
      '03:00',
    ]);
  });

  test.each([
    ['2026-03-08', 23],
    ['2026-11-01', 25],
  ])('of %s in Los Angeles are %i', (day, length) => {
    const calendar = { timeZone: 'America/Los_Angeles', dayStart: '00:00' };
    expect(hoursOf(day, calendar)).toHaveLength(length);
  });
});

const clockOffset = (atMs: number, { timeZone }: Calendar): number =>
  Math.round((Date.parse(`${wallClock(timeZone, atMs)}Z`) - atMs) / minuteMs);

test('a time by the clock is every moment that shows it, and nothing else', () => {
  fc.assert(
    fc.property(zones, anyTime, (timeZone, atMs) => {
      const calendar = { timeZone, dayStart: '00:00' };
      const shown = wallClock(timeZone, atMs);
      const { earliest, latest } = momentsOf(shown, calendar);
      expect([earliest, latest]).toContain(Math.floor(atMs / minuteMs) * minuteMs);
      expect([earliest, latest].map((it) => wallClock(timeZone, it))).toEqual([shown, shown]);
    }),
  );
});

test('a time that the clock skips has its neighbours', () => {
  const calendar = { timeZone: 'America/Los_Angeles', dayStart: '00:00' };
  const { earliest, latest } = momentsOf('2026-03-08T02:30', calendar);
  expect(latest).toBeLessThan(earliest);
  expect(clockTime(earliest, calendar)).toBe('2026-03-08T03:30:00-07:00');
  expect(clockTime(latest, calendar)).toBe('2026-03-08T01:30:00-08:00');
});

test('a moment is written as the clock shows it, and reads back as the same moment', () => {
  fc.assert(
    fc.property(zones, anyTime, (timeZone, atMs) => {
      const text = clockTime(atMs, { timeZone, dayStart: '00:00' });
      expect(text.slice(0, 16)).toBe(wallClock(timeZone, atMs));
      expect(Date.parse(text)).toBe(Math.floor(atMs / 1000) * 1000);
    }),
  );
});

test('hours go on to the end of the calendar', () => {
  const calendar = { timeZone: 'America/Los_Angeles', dayStart: '04:00' };
  let count = 0;
  for (const startMs of hourStartsFrom(Date.UTC(9999, 11, 30), calendar)) {
    expect(hourStartMs(startMs, calendar)).toBe(startMs);
    if (++count === 72) break;
  }
});
