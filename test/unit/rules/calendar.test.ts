import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  businessDay,
  type Calendar,
  isDay,
  isTimeOfDay,
  isTimeZone,
  utcCalendar,
} from '../../../functions/rules/calendar.ts';
import { anyTime, moments, timesOfDay, zones } from '../../harness/clock-changes.ts';
import {
  dayMs,
  hourMs,
  isShown,
  lastBegunDay,
  minuteMs,
  wallClock,
} from '../../harness/wall-clock.ts';

const numRuns = 600;

describe('the business day', () => {
  test('is the last one that has begun by the wall clock, in every zone and for every start', () => {
    fc.assert(
      fc.property(moments, ({ calendar, atMs }) => {
        expect(businessDay(atMs, calendar)).toBe(lastBegunDay(atMs, calendar));
      }),
      { numRuns },
    );
  });

  test('never goes back while time goes on', () => {
    const steps = fc.oneof(fc.integer({ min: 0, max: 3 * hourMs }), fc.nat({ max: 400 * dayMs }));
    fc.assert(
      fc.property(moments, steps, ({ calendar, atMs }, step) => {
        expect(businessDay(atMs, calendar) <= businessDay(atMs + step, calendar)).toBe(true);
      }),
      { numRuns },
    );
  });

  test('begins when the clock shows its start, and the one before lasts until then', () => {
    fc.assert(
      fc.property(moments, ({ calendar, atMs }) => {
        const day = businessDay(atMs, calendar);
        const startMs = startOf(day, calendar);
        expect(businessDay(startMs, calendar)).toBe(day);
        expect(businessDay(startMs - 1, calendar) < day).toBe(true);
        const shown = wallClock(calendar.timeZone, startMs);
        const wanted = `${day}T${calendar.dayStart}`;
        if (isShown(day, calendar)) expect(shown).toBe(wanted);
        else expect(shown > wanted).toBe(true);
      }),
      { numRuns },
    );
  });

  test('is what UTC shows, where nothing else is set', () => {
    fc.assert(
      fc.property(anyTime, (atMs) => {
        expect(businessDay(atMs, utcCalendar)).toBe(new Date(atMs).toISOString().slice(0, 10));
        expect(businessDay(atMs, { ...utcCalendar, timeZone: 'Etc/UTC' })).toBe(
          businessDay(atMs, utcCalendar),
        );
      }),
    );
  });

  test.each([
    ['Europe/Berlin', '04:00', 2026, { 23: 1, 24: 363, 25: 1 }],
    ['America/New_York', '02:30', 2026, { 23: 1, 24: 363, 25: 1 }],
    ['America/New_York', '01:30', 2026, { 23: 1, 24: 363, 25: 1 }],
    ['Africa/Cairo', '00:00', 2026, { 23: 1, 24: 363, 25: 1 }],
    ['America/St_Johns', '00:00', 2006, { 23: 1, 24: 363, 25: 1 }],
    ['Australia/Lord_Howe', '05:00', 2026, { 23.5: 1, 24: 363, 24.5: 1 }],
    ['Asia/Kolkata', '04:00', 2026, { 24: 365 }],
    // A day that nobody there had: the next begins at the same moment.
    ['Pacific/Apia', '00:00', 2011, { 0: 1, 23: 1, 24: 362, 25: 1 }],
  ])(
    'in %s from %s has 23, 24 or 25 hours, as the clocks say, all through %i',
    (timeZone, dayStart, year, expected) => {
      const calendar = { timeZone, dayStart };
      const lengths: Record<string, number> = {};
      let startMs = startOf(`${year}-01-01`, calendar);
      for (let day = `${year}-01-01`; day < `${year + 1}-01-01`; ) {
        day = addDays(day, 1);
        const endMs = startOf(day, calendar);
        const hours = (endMs - startMs) / hourMs;
        lengths[hours] = (lengths[hours] ?? 0) + 1;
        startMs = endMs;
      }
      expect(lengths).toEqual(expected);
    },
  );

  test.each([
    // Clocks go from 02:00 to 03:00, so 02:30 is an hour later than it would be.
    ['America/New_York', '02:30', '2026-03-08', '2026-03-08T07:30Z'],
    ['America/New_York', '03:00', '2026-03-08', '2026-03-08T07:00Z'],
    // From 02:00 back to 01:00: the first 01:30 counts.
    ['America/New_York', '01:30', '2026-11-01', '2026-11-01T05:30Z'],
    ['Europe/Berlin', '04:00', '2026-03-29', '2026-03-29T02:00Z'],
    ['Europe/Berlin', '04:00', '2026-10-25', '2026-10-25T03:00Z'],
    ['America/Sao_Paulo', '00:00', '2018-11-04', '2018-11-04T03:00Z'],
    ['America/St_Johns', '00:00', '2006-10-29', '2006-10-29T02:30Z'],
    ['Pacific/Apia', '00:00', '2011-12-31', '2011-12-30T10:00Z'],
  ])('in %s from %s: %s begins at %s', (timeZone, dayStart, day, start) => {
    const calendar = { timeZone, dayStart };
    expect(new Date(startOf(day, calendar)).toISOString()).toBe(new Date(start).toISOString());
    expect(businessDay(Date.parse(start) + hourMs, calendar)).toBe(day);
  });

  test('that is over does not come back with the clocks that go back over midnight', () => {
    const stJohns = { timeZone: 'America/St_Johns', dayStart: '00:00' };
    const atMs = Date.parse('2006-10-29T02:31Z');
    expect(wallClock(stJohns.timeZone, atMs)).toBe('2006-10-28T23:01');
    expect(businessDay(atMs, stJohns)).toBe('2006-10-29');
  });

  test('that the clocks skip as a whole has no moment', () => {
    const apia = { timeZone: 'Pacific/Apia', dayStart: '00:00' };
    expect(businessDay(Date.parse('2011-12-30T09:59:59.999Z'), apia)).toBe('2011-12-29');
    expect(businessDay(Date.parse('2011-12-30T10:00:00.000Z'), apia)).toBe('2011-12-31');
  });
});

/**
 * The first moment of a day (epoch ms), looked for among what `businessDay` says; clocks change and
 * days begin on whole minutes.
 */
function startOf(day: string, calendar: Calendar): number {
  let before = (Date.parse(`${day}T00:00Z`) - 2 * dayMs) / minuteMs;
  let after = before + 5 * 24 * 60;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (businessDay(middle * minuteMs, calendar) < day) before = middle;
    else after = middle;
  }
  return after * minuteMs;
}

describe('a time zone', () => {
  test('is every name the runtime lists, and days can be told in it', () => {
    for (const timeZone of Intl.supportedValuesOf('timeZone')) {
      expect(isTimeZone(timeZone), timeZone).toBe(true);
      expect(isDay(businessDay(0, { timeZone, dayStart: '00:00' })), timeZone).toBe(true);
    }
  });

  test.each(['UTC', 'GMT', 'Etc/GMT+12', 'Asia/Calcutta', 'US/Eastern', 'europe/berlin'])(
    'may be called %s',
    (timeZone) => {
      expect(isTimeZone(timeZone)).toBe(true);
      expect(() => businessDay(0, { timeZone, dayStart: '04:00' })).not.toThrow();
    },
  );

  test.each(['', ' ', 'Berlin', 'Europe/Atlantis', '+02:00', '-0500', 'UTC+2', 'Europe/Berlin '])(
    'is never called %j',
    (text) => expect(isTimeZone(text)).toBe(false),
  );

  test.each(['PST', 'CST', 'IST', 'JST', 'BST'])(
    'is never called %s, which Intl knows but in which no day can be told',
    (text) => expect(isTimeZone(text)).toBe(false),
  );

  test('that is accepted never makes the day fail, whatever its name', () => {
    const names = fc.oneof(
      fc.string(),
      zones.map((zone) => zone.toUpperCase()),
    );
    fc.assert(
      fc.property(names, anyTime, (timeZone, atMs) => {
        if (isTimeZone(timeZone)) businessDay(atMs, { timeZone, dayStart: '04:00' });
        expect(isTimeZone(timeZone)).toBeTypeOf('boolean');
      }),
    );
  });
});

describe('a day', () => {
  test('is every date of the calendar and nothing else', () => {
    fc.assert(
      fc.property(anyTime, (atMs) => {
        expect(isDay(utcDay(atMs))).toBe(true);
      }),
    );
    for (const text of [
      '2026-02-29',
      '2026-13-01',
      '2026-1-01',
      '2026-01-01T00',
      '',
      '+010000-01-01',
    ])
      expect(isDay(text), text).toBe(false);
  });

  test('is as many days after another as are added', () => {
    fc.assert(
      fc.property(anyTime, fc.integer({ min: -10_000, max: 10_000 }), (atMs, days) => {
        const day = utcDay(atMs);
        expect(addDays(addDays(day, days), -days)).toBe(day);
        expect(addDays(day, days)).toBe(utcDay(atMs + days * dayMs));
      }),
    );
  });

  const utcDay = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
});

test('a start of day is a time from 00:00 to 23:59', () => {
  fc.assert(
    fc.property(timesOfDay, (text) => {
      expect(isTimeOfDay(text)).toBe(true);
    }),
  );
  for (const text of ['24:00', '4:00', '04:60', '04:00:00', '', '0400', '-1:00', '04:00Z'])
    expect(isTimeOfDay(text), text).toBe(false);
});
