/**
 * Ranges of windows, as callers ask for them. What has no zone is by the subject's own clock: a day is its
 * business day, and stands for all its hours. So a range is read in two steps: what it says, which
 * needs no calendar and refuses most mistakes, and which windows that is.
 */
import type { Calendar, SubjectCalendar } from '../rules/calendar.ts';
import { clockTime, hourStartMs, hourStartsFrom, momentsOf } from '../rules/clock-hours.ts';
import {
  type BoundedWindowKind,
  momentInKey,
  type WindowKind,
  windowEndMs,
  windowKeyAt,
  windowKeysBetween,
  windowKindOf,
  windowKinds,
  windowStartMs,
} from '../rules/windows.ts';
import { type Refusal, refuse } from './refusals.ts';
import { refuseByWindow } from './refuse-by-window.ts';

export interface RangeRequest {
  /** By default what `from` and `to` are: for days, the longest windows that the counter has. */
  readonly window?: WindowKind | undefined;
  /** A window, or a day for all its windows; both ends are included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Instead of all that: how many windows up to now, such as `24h`. */
  readonly last?: string | undefined;
}

export interface Windows {
  readonly ok: true;
  readonly kind: BoundedWindowKind;
  /** Oldest first; at least one. */
  readonly keys: readonly [string, ...string[]];
  /**
   * Hours that began at other moments, because they were counted by a calendar that the subject had
   * before: each belongs to the last of `keys` that is not later.
   */
  readonly earlierKeys: readonly string[];
  readonly calendar: Calendar;
}

/**
 * Is told how many windows a read takes, before they are read; throws if its caller may not read that
 * much.
 */
export type BeforeWindows = (windows: number) => Promise<void>;

/** A range that makes sense; which windows it has depends on the calendar, and maybe on the time. */
export interface PlannedRange {
  readonly ok: true;
  readonly kind: BoundedWindowKind;
  windows(calendar: SubjectCalendar, nowMs: number): Windows | Refusal;
}

/** What a range is of, for the answer to it. */
export interface RangeEnds {
  /** The first and the last window. */
  readonly from: string;
  readonly to: string;
  /** When the first one begins and the last one ends, by the subject's clock. */
  readonly startsAt: string;
  readonly endsAt: string;
}

/** @param options.most how many windows it may have */
export function planRange(
  request: RangeRequest,
  options: { readonly windows: readonly WindowKind[]; readonly most: number },
): PlannedRange | Refusal {
  return request.last === undefined ? planEnds(request, options) : planLast(request, options);
}

/** Where a range begins and ends. */
export function endsOf({ keys, calendar }: Windows): RangeEnds {
  const [from] = keys;
  const to = keys.at(-1) ?? from;
  return {
    from,
    to,
    startsAt: clockTime(windowStartMs(from, calendar), calendar),
    endsAt: clockTime(windowEndMs(to, calendar), calendar),
  };
}

const sizesMs = { day: 86_400_000, hour: 3_600_000, minute: 60_000 } as const;
const kindOfUnit: ReadonlyMap<string, BoundedWindowKind> = new Map([
  ['d', 'day'],
  ['h', 'hour'],
  ['m', 'minute'],
]);

function planLast(
  { last = '', window, from, to }: RangeRequest,
  { windows, most }: { readonly windows: readonly WindowKind[]; readonly most: number },
): PlannedRange | Refusal {
  if (window !== undefined || from !== undefined || to !== undefined) {
    return refuse('invalid_range', '`last` is a whole range: leave out window, from and to.');
  }
  const [, number = '', unit = ''] = /^([1-9]\d{0,5})([dhm])$/.exec(last) ?? [];
  const kind = kindOfUnit.get(unit);
  if (!kind) {
    return refuse(
      'invalid_range',
      `"${last}" is not a number of windows, such as 30d, 24h or 60m.`,
    );
  }
  const refusal = refuseByWindow({ windows }, kind);
  if (refusal) return refusal;
  const span = Number(number) - 1;
  if (span >= most)
    return refuse('range_too_large', `${last} is over ${most} windows. Ask for less at once.`);
  return {
    ok: true,
    kind,
    windows(calendar, nowMs) {
      const newest = windowKeyAt(kind, nowMs, calendar);
      // Days are counted by their dates: some have 23 hours, and some have 25.
      const oldest =
        kind === 'day'
          ? windowKeyAt(kind, momentInKey(newest) - span * sizesMs.day)
          : windowKeyAt(kind, nowMs - span * sizesMs[kind], calendar);
      return between(kind, { from: oldest, to: newest }, { calendar, most, text: last });
    },
  };
}

function planEnds(
  { window, from, to }: RangeRequest,
  { windows, most }: { readonly windows: readonly WindowKind[]; readonly most: number },
): PlannedRange | Refusal {
  if (from === undefined || to === undefined) {
    return refuse(
      'invalid_range',
      'A range takes both `from` and `to`, or `last` alone, such as `last=24h`.',
    );
  }
  if (window === 'all') return refuse('invalid_range', 'The window "all" has no range.');
  const [first, last] = [edgeOf(from), edgeOf(to)];
  const kind = window ?? kindOf([first, last], windows);
  const refusal = refuseByWindow({ windows }, kind);
  if (refusal) return refusal;
  const wrong = [
    { text: from, edge: first },
    { text: to, edge: last },
  ].find(({ edge }) => edge?.kind !== 'day' && edge?.kind !== kind);
  if (!first || !last || wrong) return refuseEdge(wrong?.text ?? from, kind);
  const text = `From ${from} to ${to}`;
  // What is certain by the text alone: a clock is never more than a day away from another.
  const naiveMs = last.naiveMs + sizesMs[last.kind] - first.naiveMs;
  if (naiveMs <= (first.isExact === last.isExact ? 0 : -sizesMs.day)) {
    return refuse('invalid_range', `${from} is after ${to}.`);
  }
  const slackMs = kind === 'day' ? 0 : 2 * sizesMs.day;
  if (naiveMs - slackMs > most * sizesMs[kind]) {
    return refuse('range_too_large', `${text} is over ${most} windows. Ask for less at once.`);
  }
  return {
    ok: true,
    kind,
    windows: (calendar) =>
      between(
        kind,
        { from: first.first(kind, calendar), to: last.last(kind, calendar) },
        { calendar, most, text },
      ),
  };
}

function between(
  kind: BoundedWindowKind,
  range: { readonly from: string; readonly to: string },
  { calendar, most, text }: { calendar: SubjectCalendar; most: number; text: string },
): Windows | Refusal {
  // A clock that is not UTC's may show the first or last day of those years when keys have another year.
  if ([range.from, range.to].some((key) => windowKindOf(key) !== kind)) {
    return refuse('invalid_range', `${text} is not within the years 0000 to 9999 of UTC.`);
  }
  const keys = windowKeysBetween(kind, range, { most, calendar });
  if (!keys) {
    return refuse('range_too_large', `${text} is over ${most} windows. Ask for less at once.`);
  }
  const [first, ...others] = keys;
  // Clocks that go forward skip times, which may be all that a range has.
  if (first === undefined) return refuse('invalid_range', `${text} there is no ${kind}.`);
  const windows = { kind, keys: [first, ...others] as const, calendar };
  return { ok: true, ...windows, earlierKeys: kind === 'hour' ? earlierHours(windows) : [] };
}

function earlierHours({
  keys,
  calendar,
}: {
  readonly keys: readonly [string, ...string[]];
  readonly calendar: SubjectCalendar;
}): string[] {
  const startMs = windowStartMs(keys[0]);
  const endMs = windowEndMs(keys.at(-1) ?? keys[0], calendar);
  const found = calendar.earlier.flatMap((earlier) => {
    const hours: string[] = [];
    for (const hourMs of hourStartsFrom(hourStartMs(startMs, earlier), earlier)) {
      if (hourMs >= Math.min(endMs, earlier.untilMs)) return hours;
      if (hourMs >= startMs) hours.push(windowKeyAt('hour', hourMs, earlier));
    }
    return hours;
  });
  const known = new Set(keys);
  return [...new Set(found)].filter((key) => !known.has(key));
}

/** One end of a range. */
interface Edge {
  readonly kind: BoundedWindowKind;
  /** It names a moment, whatever the calendar. */
  readonly isExact: boolean;
  /** Epoch ms of its beginning, as if it were UTC. */
  readonly naiveMs: number;
  /** The first and the last window of a kind that it stands for. */
  first(kind: BoundedWindowKind, calendar: Calendar): string;
  last(kind: BoundedWindowKind, calendar: Calendar): string;
}

/**
 * A day; an hour or a minute of the subject's clock, `2026-11-21T09`; or the key of one,
 * `2026-11-21T08Z`. An hour that the clock shows twice is both.
 */
function edgeOf(text: string): Edge | undefined {
  const kindOfKey = windowKindOf(text);
  if (kindOfKey === 'all') return undefined;
  if (kindOfKey === 'day') {
    return {
      kind: 'day',
      isExact: false,
      naiveMs: momentInKey(text),
      first: (kind, calendar) =>
        kind === 'day' ? text : windowKeyAt(kind, windowStartMs(text, calendar), calendar),
      last: (kind, calendar) =>
        kind === 'day' ? text : windowKeyAt(kind, windowEndMs(text, calendar) - 1, calendar),
    };
  }
  if (kindOfKey !== undefined) {
    const naiveMs = momentInKey(text);
    const at = (kind: BoundedWindowKind, calendar: Calendar) =>
      windowKeyAt(kind, naiveMs, calendar);
    return { kind: kindOfKey, isExact: true, naiveMs, first: at, last: at };
  }
  const kindOfClock = windowKindOf(`${text}Z`);
  if (kindOfClock !== 'hour' && kindOfClock !== 'minute') return undefined;
  if (kindOfClock === 'hour' && text.includes('h')) return undefined;
  const isHour = kindOfClock === 'hour';
  return {
    kind: kindOfClock,
    isExact: false,
    naiveMs: momentInKey(`${text}Z`),
    first: (kind, calendar) =>
      windowKeyAt(kind, momentsOf(isHour ? `${text}:00` : text, calendar).earliest, calendar),
    last: (kind, calendar) =>
      windowKeyAt(kind, momentsOf(isHour ? `${text}:59` : text, calendar).latest, calendar),
  };
}

/** The shortest of what the ends are; if both are days, the longest that the counter has. */
function kindOf(
  edges: readonly (Edge | undefined)[],
  windows: readonly WindowKind[],
): BoundedWindowKind {
  const kinds = edges.map((edge) => edge?.kind);
  if (kinds.includes('minute')) return 'minute';
  if (kinds.includes('hour')) return 'hour';
  const [, ...bounded] = windowKinds;
  return bounded.find((kind) => windows.includes(kind)) ?? 'day';
}

function refuseEdge(text: string, kind: BoundedWindowKind): Refusal {
  const at = Date.UTC(2026, 10, 21, 9, 30);
  const key = windowKeyAt(kind, at);
  const example = kind === 'day' ? key : `${key.slice(0, -1)} by the subject's clock or ${key}`;
  return refuse(
    'invalid_range',
    `"${text}" is not a window of kind "${kind}", such as ${example}.`,
  );
}
