/**
 * Wall clocks by another route than the calendar's: `Intl` says what a clock shows at a moment, and
 * the rest is arithmetic on UTC.
 */
import type { Calendar } from '../../functions/rules/calendar.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  formats.set(timeZone, format);
  return format;
}

/** What a clock in this zone shows, as if it were UTC (epoch ms). */
function shownMs(timeZone: string, atMs: number): number {
  const parts = formatOf(timeZone).formatToParts(atMs);
  const part = (type: string) => Number(parts.find((it) => it.type === type)?.value);
  const milliseconds = ((atMs % 1000) + 1000) % 1000;
  return Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
    milliseconds,
  );
}

/** What a clock in this zone shows, as `2026-11-21T09:30`. */
export const wallClock = (timeZone: string, atMs: number): string =>
  new Date(shownMs(timeZone, atMs)).toISOString().slice(0, 16);

const offsetMs = (timeZone: string, atMs: number): number => shownMs(timeZone, atMs) - atMs;

/** Whether clocks in this zone ever show that time of this day. */
export const isShown = (day: string, calendar: Calendar): boolean =>
  momentsOf(day, calendar).length > 0;

/** The moments (epoch ms) at which clocks in this zone show the start of this day, earliest first. */
function momentsOf(day: string, { timeZone, dayStart }: Calendar): number[] {
  const asUtcMs = Date.parse(`${day}T${dayStart}Z`);
  const offsets = [offsetMs(timeZone, asUtcMs - dayMs), offsetMs(timeZone, asUtcMs + dayMs)];
  return [...new Set(offsets)]
    .map((offset) => ({ offset, atMs: asUtcMs - offset }))
    .filter(({ offset, atMs }) => offsetMs(timeZone, atMs) === offset)
    .map(({ atMs }) => atMs)
    .toSorted((a, b) => a - b);
}

/** When a business day begins (epoch ms), as RFC 5545 reads local times. */
function dayStartMs(day: string, calendar: Calendar): number {
  const asUtcMs = Date.parse(`${day}T${calendar.dayStart}Z`);
  const [first] = momentsOf(day, calendar);
  return first ?? asUtcMs - offsetMs(calendar.timeZone, asUtcMs - dayMs);
}

/** The last day that has begun at this moment. */
export function lastBegunDay(atMs: number, calendar: Calendar): string {
  let startOfDateMs = Math.floor(shownMs(calendar.timeZone, atMs) / dayMs + 2) * dayMs;
  const day = () => new Date(startOfDateMs).toISOString().slice(0, 10);
  while (dayStartMs(day(), calendar) > atMs) startOfDateMs -= dayMs;
  return day();
}
