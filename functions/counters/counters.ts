import { createCalendars } from './calendars.ts';
import { createCounts } from './count.ts';
import type { CounterContext } from './counter-context.ts';
import { createDeployments } from './deployments.ts';
import { createHistory } from './history.ts';
import { createLimits } from './limit.ts';
import { createLive } from './live.ts';
import { createPresence } from './presence.ts';
import { createReactions } from './reaction.ts';
import { createRegisters } from './register.ts';
import { createSecrets } from './secrets.ts';
import { createShow } from './show.ts';
import { createTickets } from './ticket.ts';
import { createTotals } from './total.ts';
import { createUniques } from './unique.ts';
import { createUnread } from './unread.ts';

/** Everything that can be done with counters, sharing what each function caches. */
export function createCounters({ stores, ...context }: CounterContext) {
  const { cells, members, sketches, subscriptions, settings, watches } = stores;
  const secrets = createSecrets({ ...context, store: stores.secret });
  const deployments = createDeployments({ ...context, store: stores.deployments });
  const calendars = createCalendars({ ...context, store: settings });
  const totals = createTotals({ ...context, store: cells });
  const registers = createRegisters({ ...context, store: stores.registers });
  const counts = createCounts({
    ...context,
    cells,
    registers,
    totals,
    calendars,
    deployments,
  });
  const reactions = createReactions({ ...context, store: members, totals });
  const presence = createPresence({ ...context, store: members, totals });
  return {
    config: context.config,
    calendars,
    secrets,
    counts,
    reactions,
    presence,
    history: createHistory({ ...context, totals, calendars }),
    tickets: createTickets({ ...context, store: stores.registers, registers, calendars }),
    uniques: createUniques({ ...context, store: sketches, secrets, calendars }),
    unread: createUnread({ ...context, store: subscriptions, totals }),
    limits: createLimits({ ...context, store: stores.allowances }),
    show: createShow({ counts, reactions, presence }),
    live: createLive({ ...context, store: watches, secrets }),
  };
}

export type Counters = ReturnType<typeof createCounters>;
