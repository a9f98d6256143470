/** Ranges at the ends of the years that keys can name, by any clock. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRange } from '../../../functions/counters/window-range.ts';
import { type WindowKind, windowKindOf } from '../../../functions/rules/windows.ts';

const windows: readonly WindowKind[] = ['day', 'hour', 'minute'];
const calendar = fc.record({
  timeZone: fc.constantFrom(
    'UTC',
    'America/Los_Angeles',
    'Etc/GMT+12',
    'Etc/GMT-14',
    'Europe/Amsterdam',
    'Asia/Kolkata',
    'Pacific/Apia',
  ),
  dayStart: fc.constantFrom('00:00', '00:44', '12:30', '23:59'),
  earlier: fc.constant([]),
});
const day = fc.constantFrom('0000-01-01', '0000-01-02', '9999-12-30', '9999-12-31');
const time = fc.constantFrom(
  'T00',
  'T12',
  'T23',
  'T00Z',
  'T23Z',
  'T00:00',
  'T23:59',
  'T23:59Z',
  '',
);
const range = fc
  .tuple(day, time, time, fc.option(fc.constantFrom(...windows), { nil: undefined }))
  .map(([date, first, last, window]) => ({ window, from: date + first, to: date + last }));

test('a range at the end of the first or the last year is its windows, or is refused', () => {
  fc.assert(
    fc.property(calendar, range, (clock, request) => {
      const plan = planRange(request, { windows, most: 2_000 });
      const found = plan.ok ? plan.windows(clock, Date.UTC(2026, 10, 26)) : plan;
      if (found.ok) {
        const { kind, keys } = found;
        expect(keys.map(windowKindOf)).toEqual(keys.map(() => kind));
      } else {
        expect(found.code).toMatch(/^(?:invalid_range|range_too_large)$/);
      }
    }),
    { numRuns: 1_000 },
  );
});
