/**
 * Windows: the stretch of time a cell belongs to. A window's key says when it is, cut to the
 * window's precision, so keys sort by time: `2026-11-21`, `2026-11-21T09`, `2026-11-21T09:30`; `-`
 * is the window that never ends. Days are the subject's business days; hours and minutes are UTC's,
 * which have no gaps and no repetitions when clocks change.
 */
import { addDays, businessDay, isDay, utcCalendar } from './calendar.ts';
import { limits } from './limits.ts';

export const windowKinds = ['all', 'day', 'hour', 'minute'] as const;
export type WindowKind = (typeof windowKinds)[number];
export type BoundedWindowKind = Exclude<WindowKind, 'all'>;

/** How many days the windows of each kind are kept after their end. */
export type KeepDays = Readonly<Record<BoundedWindowKind, number>>;

const keyLengths: Record<BoundedWindowKind, number> = { day: 10, hour: 13, minute: 16 };
const sizesMs: Record<BoundedWindowKind, number> = {
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
};
const keyPattern = /^(\d{4}-\d\d-\d\d)(?:T(?:[01]\d|2[0-3])(?::[0-5]\d)?)?$/;

export const allWindowKey = '-';

/** The key of the window of this kind that a moment (epoch ms) falls into. */
export function windowKeyAt(kind: WindowKind, atMs: number, calendar = utcCalendar): string {
  if (kind === 'all') return allWindowKey;
  if (kind === 'day') return businessDay(atMs, calendar);
  return new Date(atMs).toISOString().slice(0, keyLengths[kind]);
}

/** Whether the keys of these windows depend on the subject's calendar. */
export const needsCalendar = (kinds: readonly WindowKind[]): boolean => kinds.includes('day');

/** What kind of window a key names; undefined if it is no window key. */
export function windowKindOf(key: string): WindowKind | undefined {
  if (key === allWindowKey) return 'all';
  const day = keyPattern.exec(key)?.[1];
  if (day === undefined || !isDay(day)) return undefined;
  if (key.length === keyLengths.day) return 'day';
  return key.length === keyLengths.hour ? 'hour' : 'minute';
}

/**
 * When the items of a window expire.
 *
 * @param window what `windowKeyAt` gave
 * @param keepDays days to keep it after its end
 * @param jitter in [0, 1): spreads expiry, so that a million daily counters do not go at midnight
 * @returns epoch seconds for the TTL attribute; undefined for the window that never ends
 */
export function windowExpiry(options: {
  window: string;
  keepDays: KeepDays;
  jitter: number;
}): number | undefined {
  const kind = windowKindOf(options.window);
  if (kind === undefined || kind === 'all') return undefined;
  // A business day ends, somewhere, up to a day and a half after UTC's day of the same date.
  const latestEndMs = startMs(options.window) + (kind === 'day' ? 2.5 : 1) * sizesMs[kind];
  const keptMs = options.keepDays[kind] * sizesMs.day;
  const jitterMs = options.jitter * limits.expiryJitterHours * sizesMs.hour;
  return Math.ceil((latestEndMs + keptMs + jitterMs) / 1000);
}

/**
 * Spreads the expiry of different totals, but is the same for all cells of one total, by any writer:
 * half of its cells would be a wrong count. FNV-1a, with the last steps of MurmurHash3, because names
 * that differ in their last character must end far apart.
 *
 * @param total its names, such as `post-42#likes#2026-11-21`
 * @returns in [0, 1)
 */
export function expiryJitter(total: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < total.length; index++) {
    hash = Math.imul(hash ^ total.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * The keys of all windows from one to another, both included, oldest first.
 *
 * @returns undefined if there are more than `most`
 */
export function windowKeysBetween(
  range: { from: string; to: string },
  most: number,
): string[] | undefined {
  const keys: string[] = [];
  for (let key = range.from; key <= range.to; key = nextWindowKey(key)) {
    if (keys.length === most) return undefined;
    keys.push(key);
    // No key comes after the last one of the year 9999.
    if (key === range.to) break;
  }
  return keys;
}

function nextWindowKey(key: string): string {
  const kind = windowKindOf(key);
  if (kind === 'day') return addDays(key, 1);
  if (kind !== 'hour' && kind !== 'minute') throw new RangeError(`${key} has no next window`);
  return windowKeyAt(kind, startMs(key) + sizesMs[kind]);
}

function startMs(key: string): number {
  return Date.parse(`${key}${'0000-00-00T00:00'.slice(key.length)}Z`);
}
