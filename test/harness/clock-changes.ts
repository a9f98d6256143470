/** Moments in the calendars of subjects, most of them near a change of the clocks. */
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import type { Calendar } from '../../functions/rules/calendar.ts';
import { dayMs } from './wall-clock.ts';

/** Zones whose clocks have done what clocks can do, more often than the others. */
const oddZones = [
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns', // went back from 00:01 to 23:01
  'America/Sao_Paulo', // skipped midnight
  'America/Havana', // goes back from 01:00 to 00:00
  'Africa/Cairo', // goes back from midnight to 23:00
  'Asia/Beirut', // skips midnight
  'America/Nuuk', // the evening before
  'Australia/Lord_Howe', // half an hour
  'Africa/Casablanca', // goes back for Ramadan
  'Pacific/Apia', // skipped a day
  'Pacific/Kiritimati', // skipped a day, and is furthest ahead
  'Pacific/Kwajalein', // skipped a day
  'Asia/Kathmandu', // a quarter of an hour
  'Antarctica/Troll', // two hours
  'Etc/GMT+12',
];
export const zones = fc.oneof(
  fc.constantFrom(...oddZones),
  fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
);
const twoDigits = (value: number) => String(value).padStart(2, '0');
export const timesOfDay = fc.oneof(
  fc.constantFrom('00:00', '00:30', '01:30', '02:30', '04:00', '23:30', '23:59'),
  fc
    .integer({ min: 0, max: 24 * 60 - 1 })
    .map((minute) => `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`),
);
const calendars: fc.Arbitrary<Calendar> = fc.record({ timeZone: zones, dayStart: timesOfDay });

/** Before 1973 some zones were apart from UTC by seconds, which no clock tells. */
export const anyTime = fc.integer({ min: Date.UTC(1973, 0, 1), max: Date.UTC(2100, 0, 1) });

/** A moment in a calendar, most often within two days of a change of its clocks. */
export const moments = fc
  .record({
    calendar: calendars,
    someTime: anyTime,
    distance: fc.oneof(
      fc.integer({ min: -2 * dayMs, max: 2 * dayMs }),
      fc.integer({ min: -2 * 24 * 60, max: 2 * 24 * 60 }).map((minutes) => minutes * 60_000),
    ),
  })
  .map(({ calendar, someTime, distance }) => {
    const change = Temporal.Instant.fromEpochMilliseconds(someTime)
      .toZonedDateTimeISO(calendar.timeZone)
      .getTimeZoneTransition('next');
    return { calendar, atMs: (change?.epochMilliseconds ?? someTime) + distance };
  });
