/**
 * The presence kind: how many viewers are here now. See rules/presence.ts for how, and
 * rules/viewer-sessions.ts for viewers with several tabs.
 */

import {
  beatExpiry,
  isBucketPresent,
  lastAwayAt,
  nextBeatSeconds,
  presentBuckets,
} from '../rules/presence.ts';
import {
  bucketOfSessions,
  isWordOver,
  type SessionWord,
  sessionOf,
  type ViewerSessions,
  withoutAll,
  withWord,
} from '../rules/viewer-sessions.ts';
import { allWindowKey } from '../rules/windows.ts';
import type { MemberState, MemberStore } from '../store/member-store.ts';
import type { CounterContext } from './counter-context.ts';
import type { PresenceDefinition } from './define-counters.ts';
import {
  isUnfolded,
  leftExpiry,
  type MemberChange,
  mayBePending,
  writeMember,
} from './member-writes.ts';
import type { NamedCounter } from './named-counter.ts';
import type { Total, Totals } from './total.ts';
import { writeAndRead } from './write-beside-read.ts';

export interface PresenceAnswer {
  readonly count: number;
  readonly version: number;
  readonly updatedAtMs: number | null;
}

export interface BeatAnswer extends PresenceAnswer {
  /** Accepted, but maybe not folded into the totals that others read yet. */
  readonly pending: boolean;
  /** When to beat next. */
  readonly nextBeatSeconds: number;
}

/** One tab or device of a viewer; the one that has no name if `session` is left out. */
export interface Viewer {
  readonly member: string;
  readonly session: string | undefined;
}

export function createPresence({
  totals,
  ...context
}: {
  store: MemberStore;
  totals: Totals;
} & Pick<CounterContext, 'region' | 'now' | 'random' | 'pause'>) {
  const { now, random } = context;

  const readTotal = (
    { subject, counter }: NamedCounter<PresenceDefinition>,
    options: { consistent: boolean },
  ) => totals.read({ subject, counter, window: allWindowKey }, options);

  function shownOf({ parts, version, updatedAtMs }: Total, pulse: PresenceDefinition) {
    const atMs = now();
    const here = presentBuckets(atMs, pulse).map((bucket) => parts.get(bucket) ?? 0n);
    return {
      count: Number(here.reduce((sum, count) => sum + count, 0n)),
      version,
      updatedAtMs: updatedAtMs && Math.max(updatedAtMs, lastAwayAt(atMs, updatedAtMs, pulse)),
    };
  }

  return {
    /** @throws StoreUnavailableError */
    async read(
      counter: NamedCounter<PresenceDefinition>,
      options: { consistent: boolean },
    ): Promise<PresenceAnswer> {
      return shownOf(await readTotal(counter, options), counter.definition);
    },

    /**
     * Says that a session of a viewer is here. A viewer with several counts once.
     * @returns how many are here, this viewer among them, and when to say it again
     * @throws OutcomeUnknownError (beating again is always right), StoreUnavailableError
     */
    async beat(
      counter: NamedCounter<PresenceDefinition>,
      { member, session }: Viewer,
    ): Promise<BeatAnswer> {
      const { definition } = counter;
      const [{ before, after, superseded }, total] = await writeAndRead(
        writeMember(
          context,
          { ...counter, member },
          sayOfSession({ session: sessionOf(session), isHere: true }, definition),
        ),
        readTotal(counter, { consistent: false }),
      );
      const nowMs = now();
      const shown = shownOf(total, definition);
      // A viewer that has just come is in no total yet; one that stays is, wherever it was before.
      const isNew = !isHere(before, nowMs, definition);
      const isMissing = isNew || isUnfolded(after, total, nowMs);
      return {
        // One that has come a moment ago may be in none either, but is here.
        count: Math.max(1, shown.count + (isMissing ? 1 : 0)),
        version: shown.version,
        updatedAtMs: isMissing ? nowMs : shown.updatedAtMs,
        pending: isNew || superseded || mayBePending(after, nowMs),
        nextBeatSeconds: nextBeatSeconds(definition, random()),
      };
    },

    /** Says that a session of a viewer has gone; its others stay. @throws as `beat` */
    async leave(
      { definition, ...counter }: NamedCounter<PresenceDefinition>,
      { member, session }: Viewer,
    ): Promise<void> {
      const word = { session: sessionOf(session), isHere: false };
      await writeMember(context, { ...counter, member }, sayOfSession(word, definition));
    },

    /** Says that a viewer has gone with all its sessions. @throws as `beat` */
    async remove(
      { definition, ...counter }: NamedCounter<PresenceDefinition>,
      member: string,
    ): Promise<void> {
      await writeMember(
        context,
        { ...counter, member },
        {
          next: (before, begunAtMs) =>
            nextOf(before, withoutAll(sessionsOf(before), begunAtMs), begunAtMs, definition),
        },
      );
    },
  };
}

const noSessions: ViewerSessions = new Map();
const sessionsOf = (state: MemberState | undefined): ViewerSessions =>
  state?.sessions ?? noSessions;

const isHere = (state: MemberState | undefined, atMs: number, pulse: PresenceDefinition): boolean =>
  state?.bucket !== undefined && isBucketPresent(state.bucket, atMs, pulse);

const sayOfSession = (
  word: Omit<SessionWord, 'atMs'>,
  definition: PresenceDefinition,
): MemberChange => ({
  next(before, atMs) {
    const sessions = withWord(sessionsOf(before), { ...word, atMs }, definition);
    return nextOf(before, sessions, atMs, definition);
  },
  isOver: (stored, first, atMs) =>
    isWordOver({ ...word, atMs }, { first: sessionsOf(first), now: sessionsOf(stored) }),
});

/** What a viewer with these sessions says. */
function nextOf(
  before: MemberState | undefined,
  sessions: ViewerSessions,
  atMs: number,
  definition: PresenceDefinition,
): ReturnType<MemberChange['next']> {
  const bucket = bucketOfSessions(sessions, atMs, definition);
  const isSame = isHere(before, atMs, definition) === (bucket !== undefined);
  const sinceMs = (isSame && before?.sinceMs) || atMs;
  const state = { bucket, sessions, sinceMs };
  return { state, expiresAt: bucket === undefined ? leftExpiry(atMs) : beatExpiry(bucket) };
}
