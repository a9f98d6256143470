/**
 * Windows: the stretch of time a cell belongs to. Keys sort by time; `-` is the window that never ends.
 * A day is the subject's business day, `2026-11-21`. Hours are those of the subject's clock, and are
 * known by the moment at which they begin, in UTC: `2026-11-21T09Z`, or `2026-11-21T09h30Z` where that is
 * not a full hour there. Minutes begin everywhere at the same moment: `2026-11-21T09:30Z`.
 */
import { addDays, businessDay, type Calendar, dayStartMs, isDay, utcCalendar } from './calendar.ts';
import { hourEndMs, hourStartMs, hourStartsFrom } from './clock-hours.ts';
import { limits } from './limits.ts';

export const windowKinds = ['all', 'day', 'hour', 'minute'] as const;
export type WindowKind = (typeof windowKinds)[number];
export type BoundedWindowKind = Exclude<WindowKind, 'all'>;

/** How many days the windows of each kind are kept after their end. */
export type KeepDays = Readonly<Record<BoundedWindowKind, number>>;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * How long after the moment in its key a window is over for certain: a business day ends, somewhere, up
 * to a day and a half after UTC's day of the same date.
 */
const longestMs: Readonly<Record<BoundedWindowKind, number>> = {
  day: 2.5 * dayMs,
  hour: hourMs,
  minute: minuteMs,
};

const keyPattern = /^(\d{4}-\d\d-\d\d)(?:T([01]\d|2[0-3])(?:([:h])([0-5]\d))?Z)?$/;

export const allWindowKey = '-';

/** The key of the window of this kind that a moment (epoch ms) falls into. */
export function windowKeyAt(kind: WindowKind, atMs: number, calendar = utcCalendar): string {
  switch (kind) {
    case 'all':
      return allWindowKey;
    case 'day':
      return businessDay(atMs, calendar);
    case 'hour':
      return hourKey(hourStartMs(atMs, calendar));
    case 'minute':
      return minuteKey(atMs);
  }
}

const minuteKey = (startMs: number): string => `${new Date(startMs).toISOString().slice(0, 16)}Z`;

const hourKey = (startMs: number): string =>
  minuteKey(startMs).replace(':', 'h').replace('h00', '');

/** Whether the keys of these windows depend on the subject's calendar. */
export const needsCalendar = (kinds: readonly WindowKind[]): boolean =>
  kinds.includes('day') || kinds.includes('hour');

/** What kind of window a key names; undefined if it is no window key. */
export function windowKindOf(key: string): WindowKind | undefined {
  if (key === allWindowKey) return 'all';
  const [, day, hour, separator, minute] = keyPattern.exec(key) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  if (hour === undefined) return 'day';
  if (separator === ':') return 'minute';
  return minute === '00' ? undefined : 'hour';
}

/** The moment that a key names: when its hour or minute begins; of a day, when it does in UTC. */
export function momentInKey(key: string): number {
  const [, day = '', hour = '00', , minute = '00'] = keyPattern.exec(key) ?? [];
  return Date.parse(`${day}T${hour}:${minute}Z`);
}

/** When a bounded window begins (epoch ms). */
export function windowStartMs(key: string, calendar = utcCalendar): number {
  return windowKindOf(key) === 'day' ? dayStartMs(key, calendar) : momentInKey(key);
}

/** When a bounded window ends, and the next one begins (epoch ms). */
export function windowEndMs(key: string, calendar = utcCalendar): number {
  const startMs = windowStartMs(key, calendar);
  const kind = windowKindOf(key);
  if (kind === 'minute') return startMs + minuteMs;
  if (kind === 'hour') return hourEndMs(startMs, calendar);
  const next = addDays(key, 1);
  return isDay(next) ? dayStartMs(next, calendar) : startMs + dayMs;
}

/** For how long windows of a kind are shown. */
interface WindowLife {
  /** Days to keep them after their end. */
  readonly keepDays: KeepDays;
  /** In [0, 1): spreads expiry, so that a million daily counters do not go at midnight. */
  readonly jitter: number;
}

const shownForMs = (kind: BoundedWindowKind, { keepDays, jitter }: WindowLife): number =>
  longestMs[kind] + keepDays[kind] * dayMs + jitter * limits.expiryJitterHours * hourMs;

/**
 * When the items of a window expire.
 *
 * @param options.window what `windowKeyAt` gave
 * @returns epoch seconds for the TTL attribute; undefined for the window that never ends
 */
export function windowExpiry(options: WindowLife & { window: string }): number | undefined {
  const kind = windowKindOf(options.window);
  if (kind === undefined || kind === 'all') return undefined;
  return Math.ceil((momentInKey(options.window) + shownForMs(kind, options)) / 1000);
}

/** The first window of a kind that is still shown at a moment (epoch ms): those before it have expired. */
export function firstShownWindow(
  kind: BoundedWindowKind,
  atMs: number,
  life: WindowLife & { calendar: Calendar },
): string {
  // Expiry has whole seconds.
  const lastOverMs = Math.floor(Math.floor(atMs / 1000) * 1000 - shownForMs(kind, life));
  if (kind === 'day') return addDays(new Date(lastOverMs).toISOString().slice(0, 10), 1);
  if (kind === 'minute') return minuteKey(lastOverMs + minuteMs);
  return hourKey(hourEndMs(hourStartMs(lastOverMs, life.calendar), life.calendar));
}

/**
 * Spreads the expiry of different counters, but is the same for all windows of one counter, which so
 * expire in their order, and for all cells of a window, by any writer: half of its cells would be a wrong
 * count. FNV-1a, with the last steps of MurmurHash3, because names that differ in their last character
 * must end far apart.
 *
 * @param counter its names, such as `post-42#likes`
 * @returns in [0, 1)
 */
export function expiryJitter(counter: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < counter.length; index++) {
    hash = Math.imul(hash ^ counter.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * The keys of all windows from one to another, both included, oldest first.
 *
 * @param range keys of this kind; hours are those of the calendar
 * @returns undefined if there are more than `most`
 */
export function windowKeysBetween(
  kind: BoundedWindowKind,
  range: { readonly from: string; readonly to: string },
  { most, calendar = utcCalendar }: { most: number; calendar?: Calendar },
): string[] | undefined {
  const keys: string[] = [];
  for (const key of windowKeysFrom(kind, range.from, calendar)) {
    // No key comes after the last one of the year 9999.
    if (key > range.to || windowKindOf(key) !== kind) break;
    if (keys.length === most) return undefined;
    keys.push(key);
  }
  return keys;
}

function* windowKeysFrom(
  kind: BoundedWindowKind,
  from: string,
  calendar: Calendar,
): Generator<string> {
  if (kind === 'day') for (let day = from; ; day = addDays(day, 1)) yield day;
  const fromMs = momentInKey(from);
  if (kind === 'minute') for (let atMs = fromMs; ; atMs += minuteMs) yield minuteKey(atMs);
  for (const startMs of hourStartsFrom(fromMs, calendar)) yield hourKey(startMs);
}
