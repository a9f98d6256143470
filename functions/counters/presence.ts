/** The presence kind: how many viewers are here now. See rules/presence.ts for how. */

import {
  beatExpiry,
  bucketKeyAt,
  lastAwayAt,
  nextBeatSeconds,
  presentBuckets,
} from '../rules/presence.ts';
import { allWindowKey } from '../rules/windows.ts';
import type { MemberStore } from '../store/member-store.ts';
import type { CounterContext } from './counter-context.ts';
import type { PresenceDefinition } from './define-counters.ts';
import { removeMember, writeMember } from './member-writes.ts';
import type { NamedCounter } from './named-counter.ts';
import type { Totals } from './total.ts';
import { writeAndRead } from './write-beside-read.ts';

export interface PresenceAnswer {
  readonly count: number;
  readonly version: number;
  readonly updatedAtMs: number | null;
}

export interface BeatAnswer extends PresenceAnswer {
  /** When to beat next. */
  readonly nextBeatSeconds: number;
}

export function createPresence({
  totals,
  ...context
}: {
  store: MemberStore;
  totals: Totals;
} & Pick<CounterContext, 'region' | 'now' | 'random' | 'pause'>) {
  const { now, random } = context;

  /** @throws StoreUnavailableError */
  async function read(
    { subject, counter, definition }: NamedCounter<PresenceDefinition>,
    options: { consistent: boolean },
  ): Promise<PresenceAnswer> {
    const atMs = now();
    const key = { subject, counter, window: allWindowKey };
    const { parts, version, updatedAtMs: changedAtMs } = await totals.read(key, options);
    const here = presentBuckets(atMs, definition).map((bucket) => parts.get(bucket) ?? 0n);
    return {
      count: Number(here.reduce((sum, count) => sum + count, 0n)),
      version,
      updatedAtMs: changedAtMs && Math.max(changedAtMs, lastAwayAt(atMs, changedAtMs, definition)),
    };
  }

  return {
    read,

    /**
     * Says that a viewer is here. The same viewer in several tabs counts once.
     * @returns how many are here, this viewer among them, and when to say it again
     * @throws OutcomeUnknownError (beating again is always right), StoreUnavailableError
     */
    async beat(counter: NamedCounter<PresenceDefinition>, member: string): Promise<BeatAnswer> {
      const bucket = bucketKeyAt(now(), counter.definition);
      const [{ before }, shown] = await writeAndRead(
        writeMember(
          context,
          { ...counter, member },
          { state: { bucket }, expiresAt: beatExpiry(bucket) },
        ),
        read(counter, { consistent: false }),
      );
      // A viewer that has just come is in no total yet; one that stays is, wherever it was before.
      const isNew = !presentBuckets(now(), counter.definition).includes(before?.bucket ?? '');
      return {
        // One that has come a moment ago may be in none either, but is here.
        count: Math.max(1, shown.count + (isNew ? 1 : 0)),
        version: shown.version,
        updatedAtMs: isNew ? now() : shown.updatedAtMs,
        nextBeatSeconds: nextBeatSeconds(counter.definition, random()),
      };
    },

    /** Says that a viewer has gone. @throws as `beat` */
    async leave(counter: NamedCounter<PresenceDefinition>, member: string): Promise<void> {
      await removeMember(context, { ...counter, member });
    },
  };
}
