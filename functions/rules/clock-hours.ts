/**
 * The hours of a subject's own clock. An hour begins when that clock shows a full hour. It is cut where
 * a business day begins and where the clocks change, so each hour belongs to one day, and the hours of a
 * day add up to the day: in Kolkata (+05:30), from 05:30 on, and in a night of 25 hours. An hour is
 * known by the moment at which it begins, because a clock that goes back shows the same hour twice.
 */
import { Temporal } from 'temporal-polyfill';
import { addDays, businessDay, type Calendar, dayStartMs, isDay, isUtc } from './calendar.ts';

const hourMs = 3_600_000;

/** When the hour began that a moment falls into (both epoch ms). */
export function hourStartMs(atMs: number, calendar: Calendar): number {
  if (isUtc(calendar)) return atMs - remainder(atMs, hourMs);
  const offset = offsetMs(atMs, calendar);
  const fullHour = atMs - remainder(atMs + offset, hourMs);
  const dayStart = dayStartMs(businessDay(atMs, calendar), calendar);
  const cut = offsetMs(fullHour, calendar) === offset ? fullHour : lastChangeMs(atMs, calendar);
  return Math.max(fullHour, dayStart, cut);
}

/** The beginnings of the hours from this one on, without end (epoch ms). */
export function* hourStartsFrom(firstMs: number, calendar: Calendar): Generator<number, never> {
  let changeMs = Number.NEGATIVE_INFINITY;
  let dayEndMs = Number.NEGATIVE_INFINITY;
  let offset = 0;
  for (let startMs = firstMs; ; ) {
    yield startMs;
    if (startMs >= changeMs) {
      changeMs = nextChangeMs(startMs, calendar);
      offset = offsetMs(startMs, calendar);
    }
    if (startMs >= dayEndMs) dayEndMs = nextDayStartMs(startMs, calendar);
    const fullHour = startMs + hourMs - remainder(startMs + offset, hourMs);
    startMs = Math.min(fullHour, changeMs, dayEndMs);
  }
}

/** When the hour that begins at a moment ends (both epoch ms). */
export function hourEndMs(startMs: number, calendar: Calendar): number {
  const starts = hourStartsFrom(startMs, calendar);
  starts.next();
  return starts.next().value;
}

/**
 * The moments (epoch ms) at which a clock shows this: the same one twice, except in an hour that the clock
 * shows twice. What the clock skips has a `latest` moment before the gap and an `earliest` one behind it.
 *
 * @param text such as `2026-11-21T09:30`
 */
export function momentsOf(
  text: string,
  { timeZone }: Calendar,
): { readonly earliest: number; readonly latest: number } {
  const plain = Temporal.PlainDateTime.from(text);
  const [before, after] = (['earlier', 'later'] as const).map((disambiguation) =>
    plain.toZonedDateTime(timeZone, { disambiguation }),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime];
  const isSkipped = !before.toPlainDateTime().equals(plain);
  const [earliest, latest] = isSkipped ? [after, before] : [before, after];
  return { earliest: earliest.epochMilliseconds, latest: latest.epochMilliseconds };
}

/** A moment (epoch ms) as the subject's clock shows it: RFC 3339, with the offset from UTC. */
export function clockTime(atMs: number, { timeZone }: Calendar): string {
  const text = zoned(atMs, timeZone).toString({ timeZoneName: 'never', smallestUnit: 'second' });
  return text.replace('+00:00', 'Z');
}

const zoned = (atMs: number, timeZone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);

/** By how much the clock is ahead of UTC. */
const offsetMs = (atMs: number, { timeZone }: Calendar): number =>
  timeZone === 'UTC' ? 0 : zoned(atMs, timeZone).offsetNanoseconds / 1e6;

const remainder = (dividend: number, divisor: number): number =>
  ((dividend % divisor) + divisor) % divisor;

/** When the clocks changed last, this moment included. */
const lastChangeMs = (atMs: number, { timeZone }: Calendar): number =>
  zoned(atMs + 1, timeZone).getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity;

const nextChangeMs = (atMs: number, { timeZone }: Calendar): number =>
  (timeZone === 'UTC'
    ? undefined
    : zoned(atMs, timeZone).getTimeZoneTransition('next')?.epochMilliseconds) ?? Infinity;

function nextDayStartMs(atMs: number, calendar: Calendar): number {
  let day = addDays(businessDay(atMs, calendar), 1);
  // A day that the clocks skip as a whole has no moment: the next one begins at the same.
  while (isDay(day) && dayStartMs(day, calendar) <= atMs) day = addDays(day, 1);
  return isDay(day) ? dayStartMs(day, calendar) : Infinity;
}
