import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utcCalendar } from '../../../functions/rules/calendar.ts';
import { limits } from '../../../functions/rules/limits.ts';
import {
  allWindowKey,
  type BoundedWindowKind,
  expiryJitter,
  momentInKey,
  windowExpiry,
  windowKeyAt,
  windowKindOf,
  windowKinds,
} from '../../../functions/rules/windows.ts';

const sizesMs: Record<BoundedWindowKind, number> = {
  day: 24 * 3_600_000,
  hour: 3_600_000,
  minute: 60_000,
};

const moments = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
const boundedKinds = fc.constantFrom<BoundedWindowKind>('day', 'hour', 'minute');
/** Below 1, as `Math.random` gives it. */
const jitters = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('a window key', () => {
  test('names its own kind back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...windowKinds), moments, (kind, at) => {
        expect(windowKindOf(windowKeyAt(kind, at))).toBe(kind);
      }),
    );
  });

  test('sorts by time among those of its kind', () => {
    fc.assert(
      fc.property(boundedKinds, moments, moments, (kind, one, other) => {
        const [earlier, later] = [Math.min(one, other), Math.max(one, other)];
        expect(windowKeyAt(kind, earlier) <= windowKeyAt(kind, later)).toBe(true);
      }),
    );
  });

  test('is shared by exactly the moments of one day, hour or minute in UTC', () => {
    const neighbours = fc.integer({ min: -2 * sizesMs.day, max: 2 * sizesMs.day });
    const inside = fc.integer({ min: 2 * sizesMs.day, max: Date.UTC(9999, 11, 29) });
    fc.assert(
      fc.property(boundedKinds, inside, neighbours, (kind, at, distance) => {
        const shared = windowKeyAt(kind, at) === windowKeyAt(kind, at + distance);
        const window = (ms: number) => Math.floor(ms / sizesMs[kind]);
        expect(shared).toBe(window(at) === window(at + distance));
      }),
    );
  });

  test('reads as the start of the window in UTC', () => {
    const at = Date.UTC(2026, 10, 21, 9, 30, 59, 999);
    const keys = windowKinds.map((kind) => windowKeyAt(kind, at));
    expect(keys).toEqual(['-', '2026-11-21', '2026-11-21T09Z', '2026-11-21T09:30Z']);
  });

  test.each([
    '',
    '--',
    '2026',
    '2026-11',
    '2026-1-21',
    '2026-13-01',
    '2026-00-10',
    '2026-11-00',
    '2026-11-32',
    '2026-11-21T',
    '2026-11-21T09',
    '2026-11-21T09:30',
    '2026-11-21T09h00Z',
    '2026-11-21T09h60Z',
    '2026-11-21Z',
    '2026-11-21T9Z',
    '2026-11-21T25Z',
    '2026-11-21T09:60Z',
    '2026-11-21T24:30Z',
    '2026-11-21T09:30:00Z',
    '2026-11-21t09Z',
    '2026-11-21 09Z',
    ' 2026-11-21',
    '2026-11-21\n',
  ])('is never %j', (text) => expect(windowKindOf(text)).toBeUndefined());

  test.each(['2026-02-30', '2026-11-31', '2025-02-29', '2026-11-21T24Z', '2026-04-31T10:00Z'])(
    'is never %s, which no calendar has',
    (text) => expect(windowKindOf(text)).toBeUndefined(),
  );

  test('is nothing but what a moment falls into', () => {
    const number = (max: number) =>
      fc.integer({ min: 0, max }).map((it) => String(it).padStart(2, '0'));
    const lookalikes = fc
      .tuple(number(40), number(40), number(30), number(70), fc.constantFrom('', 'T', ':', 'h'))
      .map(([month, day, hour, minute, form]) => {
        const time = {
          '': '',
          T: `T${hour}Z`,
          ':': `T${hour}:${minute}Z`,
          h: `T${hour}h${minute}Z`,
        };
        return `2026-${month}-${day}${time[form]}`;
      });
    fc.assert(
      fc.property(lookalikes, (text) => {
        const kind = windowKindOf(text);
        // Hours begin at half past where the clock is half an hour ahead.
        const [, minute = '00'] = /h(\d\d)/.exec(text) ?? [];
        const calendar = { timeZone: 'UTC', dayStart: `${text.slice(11, 13) || '00'}:${minute}` };
        const inCalendar = kind === 'hour' ? calendar : utcCalendar;
        if (kind !== undefined) {
          expect(windowKeyAt(kind, momentInKey(text), inCalendar)).toBe(text);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the items of a window', () => {
  const days = fc.integer({ min: 0, max: limits.keepDaysMax });
  const keptDays = fc.record({ day: days, hour: days, minute: days });

  /** Days end up to a day and a half after UTC's day of the same date, depending on the calendar. */
  const latestEndMs = (kind: BoundedWindowKind, atMs: number) =>
    (Math.floor(atMs / sizesMs[kind]) + (kind === 'day' ? 2.5 : 1)) * sizesMs[kind];

  test('expire when the window has ended everywhere and its days are over, spread over the jitter', () => {
    fc.assert(
      fc.property(boundedKinds, moments, keptDays, jitters, (kind, at, keepDays, jitter) => {
        const x = windowExpiry({ window: windowKeyAt(kind, at), keepDays, jitter }) ?? Number.NaN;
        const firstMs = latestEndMs(kind, at) + keepDays[kind] * sizesMs.day;
        expect(Number.isInteger(x)).toBe(true);
        expect(x * 1000).toBeGreaterThanOrEqual(firstMs);
        // A second more, because the TTL attribute has whole seconds and is rounded up.
        expect(x * 1000).toBeLessThan(firstMs + limits.expiryJitterHours * sizesMs.hour + 1000);
      }),
    );
  });

  test('are kept for their days after every moment in the window, in any calendar', () => {
    const calendars = fc.record({
      timeZone: fc.constantFrom(
        'Pacific/Kiritimati',
        'Etc/GMT+12',
        'Europe/Berlin',
        'Asia/Kolkata',
      ),
      dayStart: fc.constantFrom('00:00', '04:00', '23:59'),
    });
    const inTheseYears = fc.date({
      min: new Date('2020-01-01'),
      max: new Date('2040-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        boundedKinds,
        inTheseYears,
        calendars,
        keptDays,
        (kind, at, calendar, keepDays) => {
          const window = windowKeyAt(kind, at.getTime(), calendar);
          const x = windowExpiry({ window, keepDays, jitter: 0 }) ?? Number.NaN;
          expect(x * 1000).toBeGreaterThan(at.getTime() + keepDays[kind] * sizesMs.day);
        },
      ),
    );
  });

  test('expire at different moments for different jitter', () => {
    const expiryAt = (jitter: number) =>
      windowExpiry({ window: '2026-11-21', keepDays: limits.keepDays, jitter }) ?? Number.NaN;
    expect(expiryAt(0.5) - expiryAt(0)).toBe((limits.expiryJitterHours * 3600) / 2);
  });

  test('are spread over the jitter by their names, which are the same for all of a counter', () => {
    const names = Array.from({ length: 4_000 }, (_, index) => `post-${index}#likes`);
    const tenths = Map.groupBy(names, (name) => Math.floor(expiryJitter(name) * 10));
    expect(tenths.size).toBe(10);
    for (const [tenth, same] of tenths) {
      expect(same.length, `tenth ${tenth}`).toBeGreaterThan(300);
      expect(same.length, `tenth ${tenth}`).toBeLessThan(500);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const jitter = expiryJitter(name);
        expect(jitter).toBeGreaterThanOrEqual(0);
        expect(jitter).toBeLessThan(1);
        expect(expiryJitter(name)).toBe(jitter);
      }),
    );
  });

  test('of the window that never ends never expire', () => {
    fc.assert(
      fc.property(keptDays, jitters, (keepDays, jitter) => {
        expect(windowExpiry({ window: allWindowKey, keepDays, jitter })).toBeUndefined();
      }),
    );
  });
});
