/**
 * Business days. A day of a subject begins at its own wall-clock time in its own time zone: a
 * restaurant's Saturday may last until 04:00 on Sunday. Days in which the clocks change have 23 or
 * 25 hours; a start that the clocks skip comes as much later as they skip, and one that they pass
 * twice is the first of the two (Temporal's `compatible`, as in RFC 5545).
 */
import { Temporal } from 'temporal-polyfill';

export interface Calendar {
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Wall-clock time at which a day begins, `HH:MM`. */
  readonly dayStart: string;
}

/** A calendar that a subject had until some moment, in epoch ms. */
export interface EarlierCalendar extends Calendar {
  readonly untilMs: number;
}

/** The calendar of a subject, and those that it had before, oldest first. */
export interface SubjectCalendar extends Calendar {
  readonly earlier: readonly EarlierCalendar[];
}

export const utcCalendar: Calendar = { timeZone: 'UTC', dayStart: '00:00' };

const timeOfDay = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const ianaName = /^[A-Za-z][A-Za-z0-9_+\-/]*$/;

export const isTimeOfDay = (text: string): boolean => timeOfDay.test(text);

/**
 * Whether there is a time zone of that name, in which days can be told; offsets such as `+02:00` are
 * no names, nor are abbreviations such as `PST`, which Intl knows but Temporal does not take.
 */
export function isTimeZone(text: string): boolean {
  if (!ianaName.test(text)) return false;
  try {
    return (
      Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).epochMilliseconds === 0
    );
  } catch {
    return false;
  }
}

/** Whether this is a day of the calendar, written `2026-11-21`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const atMs = Date.parse(`${text}T00:00Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}

/** Whether days begin at midnight UTC, which takes no look at a clock. */
export const isUtc = ({ timeZone, dayStart }: Calendar): boolean =>
  timeZone === 'UTC' && dayStart === '00:00';

/** When a business day begins (epoch ms). */
export function dayStartMs(day: string, calendar: Calendar): number {
  if (isUtc(calendar)) return Date.parse(`${day}T00:00Z`);
  return startOf(Temporal.PlainDate.from(day), calendar);
}

/** The business day that a moment (epoch ms) falls into, as `2026-11-21`. */
export function businessDay(atMs: number, calendar: Calendar): string {
  if (isUtc(calendar)) return new Date(atMs).toISOString().slice(0, 10);
  const { timeZone } = calendar;
  const moment = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  // From the next date down, because clocks that go back over midnight show the old date again.
  let day = moment.toPlainDate().add({ days: 1 });
  while (startOf(day, calendar) > atMs) day = day.subtract({ days: 1 });
  return day.toString();
}

const startOf = (day: Temporal.PlainDate, { timeZone, dayStart }: Calendar): number =>
  day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(dayStart) }).epochMilliseconds;

/** The day `days` after this one. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
