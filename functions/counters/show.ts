/** What a counter shows now, whatever its kind: a number, and for a reaction the number of each choice. */

import type { createCounts } from './count.ts';
import type { CountDefinition, PresenceDefinition, ReactionDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import type { createPresence } from './presence.ts';
import type { createReactions } from './reaction.ts';
import type { Refusal } from './refusals.ts';

export interface Shown {
  readonly ok: true;
  readonly count: number;
  readonly choices?: Readonly<Record<string, number>>;
  /** The key of the window that a count shows; left out for the one that never ends. */
  readonly window?: string;
  readonly version: number;
  readonly updatedAtMs: number | null;
}

/** The counters that show a number which moves, and can be listened to. */
export type LiveDefinition = CountDefinition | ReactionDefinition | PresenceDefinition;

export function createShow({
  counts,
  reactions,
  presence,
}: {
  counts: ReturnType<typeof createCounts>;
  reactions: ReturnType<typeof createReactions>;
  presence: ReturnType<typeof createPresence>;
}) {
  /** @throws StoreUnavailableError */
  return async (
    { subject, counter, definition }: NamedCounter<LiveDefinition>,
    options: { consistent: boolean },
  ): Promise<Shown | Refusal> => {
    switch (definition.kind) {
      case 'count':
        return counts.read({ subject, counter, definition }, options);
      case 'reaction':
        return { ok: true, ...(await reactions.read({ subject, counter, definition }, options)) };
      case 'presence':
        return { ok: true, ...(await presence.read({ subject, counter, definition }, options)) };
    }
  };
}
