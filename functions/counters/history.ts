/** What a count was, window by window. */
import { limits } from '../rules/limits.ts';
import {
  type BoundedWindowKind,
  windowKeyAt,
  windowKeysBetween,
  windowKindOf,
} from '../rules/windows.ts';
import type { Calendars } from './calendars.ts';
import type { CountOf } from './count.ts';
import type { CounterContext } from './counter-context.ts';
import { type Refusal, refuse } from './refusals.ts';
import type { Totals } from './total.ts';

export interface HistoryRequest {
  readonly window: BoundedWindowKind;
  /** A window key of that kind; or a day, for all its hours or minutes. */
  readonly from: string;
  readonly to: string;
}

export interface HistoryRow {
  readonly window: string;
  readonly count: number;
  /** The window is not over: its count may still change. */
  readonly open: boolean;
}

export interface HistoryAnswer {
  readonly ok: true;
  /** Oldest first; a window in which nothing happened is 0. */
  readonly rows: readonly HistoryRow[];
}

export function createHistory({
  context,
  totals,
  calendars,
}: {
  context: CounterContext;
  totals: Totals;
  calendars: Calendars;
}) {
  /** @throws StoreUnavailableError */
  async function read(of: CountOf, request: HistoryRequest): Promise<HistoryAnswer | Refusal> {
    const { subject, counter, definition } = of;
    const { window: kind } = request;
    if (!definition.windows.includes(kind)) {
      const kinds = definition.windows.join(', ');
      return refuse('invalid_window', `This counter has no window "${kind}"; it has ${kinds}.`);
    }
    const keys = keysOf(request);
    if (!Array.isArray(keys)) return keys;
    const calendar = await calendars.of(subject, [kind]);
    const openKey = windowKeyAt(kind, context.now(), calendar);
    const counts = await Promise.all(
      keys.map((window) =>
        totals.read({ subject, series: counter, window }, { consistent: false }),
      ),
    );
    const rows = keys.map((window, index) => ({
      window,
      count: Number(counts[index]?.count ?? 0n),
      open: window === openKey,
    }));
    const tooLarge = rows.find(({ count }) => !Number.isSafeInteger(count));
    if (tooLarge) return refuse('count_too_large', `The count of ${tooLarge.window} is too large.`);
    return { ok: true, rows };
  }

  return { read };
}

/** The keys of the range, or why it is none. */
function keysOf({ window: kind, from, to }: HistoryRequest): string[] | Refusal {
  const first = edgeOf(from, kind, 'first');
  const last = edgeOf(to, kind, 'last');
  if (first === undefined || last === undefined) {
    const wrong = first === undefined ? from : to;
    return refuse('invalid_range', `"${wrong}" is no ${kind}, such as ${exampleOf(kind)}.`);
  }
  if (first > last) return refuse('invalid_range', `${from} is after ${to}.`);
  const keys = windowKeysBetween({ from: first, to: last }, limits.historyRows);
  return (
    keys ?? refuse('range_too_large', `From ${from} to ${to} is over ${limits.historyRows} rows.`)
  );
}

/** A window key; a day stands for its first or its last window. */
function edgeOf(text: string, kind: BoundedWindowKind, edge: 'first' | 'last'): string | undefined {
  const given = windowKindOf(text);
  if (given === kind) return text;
  if (given !== 'day') return undefined;
  const wholeDay = { hour: ['T00', 'T23'], minute: ['T00:00', 'T23:59'], day: ['', ''] } as const;
  return `${text}${wholeDay[kind][edge === 'first' ? 0 : 1]}`;
}

function exampleOf(kind: BoundedWindowKind): string {
  return windowKeyAt(kind, Date.UTC(2026, 10, 21, 9, 30));
}
