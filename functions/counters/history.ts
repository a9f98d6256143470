/** What a count was: window by window, or the sum of several windows. */

import { clockTime } from '../rules/clock-hours.ts';
import { limits } from '../rules/limits.ts';
import { type BoundedWindowKind, windowKeyAt, windowStartMs } from '../rules/windows.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { CountDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';
import type { Totals } from './total.ts';
import { firstKept } from './total-expiry.ts';
import {
  type BeforeWindows,
  endsOf,
  planRange,
  type RangeEnds,
  type RangeRequest,
  type Windows,
} from './window-range.ts';

export interface HistoryRow {
  readonly window: string;
  /** When it begins, by the subject's clock. */
  readonly startsAt: string;
  /** Null for a window that is not kept any more. */
  readonly count: number | null;
  /** It is the window of now: its count may still change. */
  readonly open: boolean;
}

export interface HistoryAnswer extends RangeEnds {
  readonly ok: true;
  readonly kind: BoundedWindowKind;
  /** The first window that is still kept: there are numbers from here on. */
  readonly keptFrom: string;
  /** Oldest first; a window in which nothing happened is 0. */
  readonly rows: readonly HistoryRow[];
}

export interface RangeAnswer extends RangeEnds {
  readonly ok: true;
  /** Null if some of its windows are not kept any more. */
  readonly count: number | null;
  readonly keptFrom: string;
}

type Count = NamedCounter<CountDefinition>;

export function createHistory({
  totals,
  calendars,
  config,
  now,
}: {
  totals: Totals;
  calendars: Calendars;
} & Pick<CounterContext, 'config' | 'now'>) {
  async function windowsOf(
    { subject, definition }: Count,
    request: RangeRequest,
    before: BeforeWindows,
  ): Promise<Windows | Refusal> {
    const { windows } = definition;
    const plan = planRange(request, { windows, most: limits.historyRows });
    if (!plan.ok) return plan;
    const range = plan.windows(await calendars.of(subject, [plan.kind]), now());
    if (range.ok) await before(range.keys.length + range.earlierKeys.length);
    return range;
  }

  /** The count of each window; undefined for those that are not kept any more. */
  async function countsOf(
    { subject, counter }: Count,
    { keys, earlierKeys }: Windows,
    options: { consistent: boolean },
  ): Promise<(bigint | undefined)[]> {
    const read = (window: string) => totals.read({ subject, counter, window }, options);
    const [all, earlier] = await Promise.all([
      Promise.all(keys.map(read)),
      Promise.all(earlierKeys.map(read)),
    ]);
    const counts = all.map(({ count }) => count);
    for (const [index, { count }] of earlier.entries()) {
      const row = keys.findLastIndex((key) => key <= (earlierKeys[index] ?? ''));
      counts[row] = (counts[row] ?? 0n) + count;
    }
    return counts.map((count, index) => (all[index]?.isOver ? undefined : count));
  }

  const keptFromOf = ({ subject, counter }: Count, { kind, calendar }: Windows): string =>
    firstKept(config, { subject, counter, kind }, { nowMs: now(), calendar });

  return {
    /** Each window of a range. @throws StoreUnavailableError */
    async read(
      counter: Count,
      request: RangeRequest,
      { before }: { before: BeforeWindows },
    ): Promise<HistoryAnswer | Refusal> {
      const windows = await windowsOf(counter, request, before);
      if (!windows.ok) return windows;
      const { kind, keys, calendar } = windows;
      const counts = await countsOf(counter, windows, { consistent: false });
      const openKey = windowKeyAt(kind, now(), calendar);
      const rows = keys.map((window, index) => ({
        window,
        startsAt: clockTime(windowStartMs(window, calendar), calendar),
        count: asNumber(counts[index]),
        open: window === openKey,
      }));
      const tooLarge = rows.find(({ count }) => !isExact(count));
      if (tooLarge) return refuseTooLarge(`of ${tooLarge.window}`);
      return { ok: true, kind, ...endsOf(windows), keptFrom: keptFromOf(counter, windows), rows };
    },

    /** All windows of a range as one number. @throws StoreUnavailableError */
    async sum(
      counter: Count,
      request: RangeRequest,
      { before, ...options }: { consistent: boolean; before: BeforeWindows },
    ): Promise<RangeAnswer | Refusal> {
      const windows = await windowsOf(counter, request, before);
      if (!windows.ok) return windows;
      const counts = await countsOf(counter, windows, options);
      const count = asNumber(
        counts.reduce<bigint | undefined>(
          (sum, it) => (sum === undefined || it === undefined ? undefined : sum + it),
          0n,
        ),
      );
      if (!isExact(count)) return refuseTooLarge('of the range');
      return { ok: true, count, ...endsOf(windows), keptFrom: keptFromOf(counter, windows) };
    },
  };
}

const asNumber = (count: bigint | undefined): number | null =>
  count === undefined ? null : Number(count);

const isExact = (count: number | null): boolean => count === null || Number.isSafeInteger(count);

const refuseTooLarge = (what: string): Refusal =>
  refuse('count_too_large', `The count ${what} is larger than JSON can carry exactly.`);
