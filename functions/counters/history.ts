/** What a count was, window by window. */

import { windowKeyAt } from '../rules/windows.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { CountDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';
import type { Totals } from './total.ts';
import { type WindowRange, windowRange } from './window-range.ts';

export interface HistoryRow {
  readonly window: string;
  readonly count: number;
  /** It is the window of now: its count may still change. */
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
  async function read(
    { subject, counter, definition }: NamedCounter<CountDefinition>,
    request: WindowRange,
  ): Promise<HistoryAnswer | Refusal> {
    const { window: kind } = request;
    if (!definition.windows.includes(kind)) {
      const kinds = definition.windows.join(', ');
      return refuse('invalid_window', `This counter has no window "${kind}"; it has ${kinds}.`);
    }
    const range = windowRange(request);
    if (!range.ok) return range;
    const { keys } = range;
    const calendar = await calendars.of(subject, [kind]);
    const openKey = windowKeyAt(kind, context.now(), calendar);
    const counts = await Promise.all(
      keys.map((window) => totals.read({ subject, counter, window }, { consistent: false })),
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
