/** What a counter shows now, whatever its kind: a number, and for a reaction the number of each choice. */
import type { CountOf, createCounts } from './count.ts';
import type { createPresence, PresenceOf } from './presence.ts';
import type { createReactions, ReactionOf } from './reaction.ts';
import type { Refusal } from './refusals.ts';

export interface Shown {
  readonly ok: true;
  readonly count: number;
  readonly choices?: Readonly<Record<string, number>>;
  readonly updatedAtMs: number | null;
}

/** The counters that show a number which moves, and can be listened to. */
export type ShownOf = CountOf | ReactionOf | PresenceOf;

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
  return async (of: ShownOf, options: { consistent: boolean }): Promise<Shown | Refusal> => {
    const { subject, counter, definition } = of;
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
