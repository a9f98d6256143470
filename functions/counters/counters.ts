import { createCalendars } from './calendars.ts';
import { createCounts } from './count.ts';
import type { CounterContext } from './counter-context.ts';
import { createHistory } from './history.ts';
import { createLive } from './live.ts';
import { createTickets } from './ticket.ts';
import { createTotals } from './total.ts';

/** Everything that can be done with counters, sharing what each function remembers. */
export function createCounters(context: CounterContext) {
  const totals = createTotals(context);
  const calendars = createCalendars(context);
  const parts = { context, totals, calendars };
  return {
    config: context.config,
    calendars,
    counts: createCounts(parts),
    history: createHistory(parts),
    tickets: createTickets(parts),
    live: createLive(parts),
  };
}

export type Counters = ReturnType<typeof createCounters>;
