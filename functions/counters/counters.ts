import { createCalendars } from './calendars.ts';
import { createCounts } from './count.ts';
import type { CounterContext } from './counter-context.ts';
import { createHistory } from './history.ts';
import { createLive } from './live.ts';
import { createPresence } from './presence.ts';
import { createReactions } from './reaction.ts';
import { createShow } from './show.ts';
import { createTickets } from './ticket.ts';
import { createTotals } from './total.ts';
import { createUniques } from './unique.ts';
import { createUnread } from './unread.ts';

/** Everything that can be done with counters, sharing what each function remembers. */
export function createCounters(context: CounterContext) {
  const parts = {
    context,
    totals: createTotals(context),
    calendars: createCalendars(context),
  };
  const counts = createCounts(parts);
  const reactions = createReactions(parts);
  const presence = createPresence(parts);
  return {
    config: context.config,
    calendars: parts.calendars,
    counts,
    reactions,
    presence,
    history: createHistory(parts),
    tickets: createTickets(parts),
    uniques: createUniques(parts),
    unread: createUnread(parts),
    show: createShow({ counts, reactions, presence }),
    live: createLive(parts),
  };
}

export type Counters = ReturnType<typeof createCounters>;
