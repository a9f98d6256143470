/**
 * The reaction kind: one choice for each member. Choosing again moves it, removing takes it back,
 * and pressing the button a hundred times is the same as pressing it once: what is stored is not a
 * change but what the member says now, and the fold keeps the totals of what all say.
 */

import { allWindowKey } from '../rules/windows.ts';
import type { MemberState, MemberStore } from '../store/member-store.ts';
import type { CounterContext } from './counter-context.ts';
import type { ReactionDefinition } from './define-counters.ts';
import {
  isUnfolded,
  leftExpiry,
  type MemberChange,
  type MemberMove,
  mayBePending,
  writeMember,
} from './member-writes.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';
import type { Totals } from './total.ts';
import { writeAndRead } from './write-beside-read.ts';

export interface ReactionCounts {
  /** The sum of all choices. */
  readonly count: number;
  /** By choice, in the order they are configured in. */
  readonly choices: Readonly<Record<string, number>>;
  readonly version: number;
  readonly updatedAtMs: number | null;
}

export interface ReactionAnswer extends ReactionCounts {
  readonly ok: true;
  /** What the member says now; null for nothing. */
  readonly choice: string | null;
  /** Accepted, but not folded into the totals that others read yet. */
  readonly pending: boolean;
}

export function createReactions({
  totals,
  ...context
}: {
  store: MemberStore;
  totals: Totals;
} & Pick<CounterContext, 'region' | 'now' | 'random' | 'pause'>) {
  const { store, now } = context;

  async function read(
    { subject, counter, definition: { choices } }: NamedCounter<ReactionDefinition>,
    options: { consistent: boolean },
  ): Promise<ReactionCounts> {
    const key = { subject, counter, window: allWindowKey };
    const { parts, version, updatedAtMs } = await totals.read(key, options);
    const counts = choices.map((choice) => [choice, Number(parts.get(choice) ?? 0n)] as const);
    return {
      count: counts.reduce((sum, [, count]) => sum + count, 0),
      choices: Object.fromEntries(counts),
      version,
      updatedAtMs,
    };
  }

  /** The totals with one member's move in them, which is not folded yet. */
  function withMove(
    counts: ReactionCounts,
    { before = {}, after, superseded }: MemberMove,
  ): ReactionAnswer {
    const choices: Record<string, number> = { ...counts.choices };
    const [from, to] = [before.choice, after.choice];
    const isMove = from !== to;
    const nowMs = now();
    // What the member said before may be pending as well: then it is in no total to take it from. It
    // may also have left the configuration since.
    if (isMove && from !== undefined && Object.hasOwn(choices, from)) {
      choices[from] = Math.max(0, (choices[from] ?? 0) - 1);
    }
    const isMissing = isMove || isUnfolded(after, counts, nowMs);
    if (to !== undefined) choices[to] = Math.max(1, (choices[to] ?? 0) + (isMissing ? 1 : 0));
    const count = Object.values(choices).reduce((sum, part) => sum + part, 0);
    const updatedAtMs = isMissing ? nowMs : counts.updatedAtMs;
    const pending = isMove || superseded || mayBePending(after, nowMs);
    const { version } = counts;
    return { ok: true, choice: to ?? null, count, choices, version, updatedAtMs, pending };
  }

  return {
    /** The totals. @throws StoreUnavailableError */
    read,

    /** What a member says, as it was last written. @throws StoreUnavailableError */
    async readChoice(
      counter: NamedCounter<ReactionDefinition>,
      member: string,
    ): Promise<string | null> {
      const stored = await store.read({ ...counter, member });
      return stored?.choice ?? null;
    },

    /**
     * Sets what a member says.
     * @throws OutcomeUnknownError (choosing again is always right), StoreUnavailableError
     */
    async choose(
      counter: NamedCounter<ReactionDefinition>,
      member: string,
      choice: string,
    ): Promise<ReactionAnswer | Refusal> {
      if (!counter.definition.choices.includes(choice)) {
        const choices = counter.definition.choices.join(', ');
        return refuse('unknown_choice', `The choices are ${choices}.`);
      }
      const [move, counts] = await writeAndRead(
        writeMember(context, { ...counter, member }, sayChoice(choice)),
        read(counter, { consistent: false }),
      );
      return withMove(counts, move);
    },

    /** Takes back what a member says. @throws as `choose` */
    async remove(
      counter: NamedCounter<ReactionDefinition>,
      member: string,
    ): Promise<ReactionAnswer> {
      const [move, counts] = await writeAndRead(
        writeMember(context, { ...counter, member }, sayNothing),
        read(counter, { consistent: false }),
      );
      return withMove(counts, move);
    },
  };
}

const sayChoice = (choice: string): MemberChange => ({
  next: (before, begunAtMs) => ({
    state: { choice, sinceMs: sinceOf(before, choice, begunAtMs) },
    expiresAt: undefined,
  }),
});

const sayNothing: MemberChange = {
  next: (before, begunAtMs) => ({
    state: { sinceMs: sinceOf(before, undefined, begunAtMs) },
    expiresAt: leftExpiry(begunAtMs),
  }),
};

/** Since when the member says this: saying it again does not make it new. */
const sinceOf = (
  before: MemberState | undefined,
  choice: string | undefined,
  begunAtMs: number,
): number => (before?.choice === choice && before?.sinceMs) || begunAtMs;
