/** The presence kind: how many viewers are here now. See rules/presence.ts for how. */

import { limits } from '../rules/limits.ts';
import { bucketKeyAt, nextBeatSeconds, presentBuckets } from '../rules/presence.ts';
import { windowExpiry } from '../rules/windows.ts';
import type { CounterContext } from './counter-context.ts';
import type { PresenceDefinition } from './define-counters.ts';
import type { Total, Totals } from './total.ts';

export interface PresenceOf {
  readonly subject: string;
  readonly counter: string;
  readonly definition: PresenceDefinition;
}

export interface PresenceAnswer {
  readonly count: number;
  readonly updatedAtMs: number | null;
}

export interface BeatAnswer extends PresenceAnswer {
  /** When to beat next. */
  readonly nextBeatSeconds: number;
}

export function createPresence({ context, totals }: { context: CounterContext; totals: Totals }) {
  const { memberStore: store, region, now, random } = context;

  /** @throws StoreUnavailableError */
  async function read(
    { subject, counter, definition }: PresenceOf,
    options: { consistent: boolean },
  ): Promise<PresenceAnswer> {
    const parts = await Promise.all(
      presentBuckets(now(), definition).map((window) =>
        totals.read({ subject, series: counter, window }, options),
      ),
    );
    return { count: Number(sumOf(parts)), updatedAtMs: latestOf(parts) };
  }

  return {
    read,

    /**
     * Says that a viewer is here. The same viewer in several tabs counts once.
     * @returns how many are here, this viewer among them, and when to say it again
     * @throws OutcomeUnknownError (beating again is always right), StoreUnavailableError
     */
    async beat(of: PresenceOf, member: string): Promise<BeatAnswer> {
      const bucket = bucketKeyAt(now(), of.definition);
      const expiresAt = windowExpiry({ window: bucket, keepDays: limits.keepDays, jitter: 0 }) ?? 0;
      const [shown, before] = await Promise.all([
        read(of, { consistent: false }),
        store.beat({ ...of, member }, bucket, { region, expiresAt }),
      ]);
      // A viewer that has just come is in no total yet; one that stays is, wherever it was before.
      const isNew = before === undefined || !presentBuckets(now(), of.definition).includes(before);
      return {
        count: shown.count + (isNew ? 1 : 0),
        updatedAtMs: isNew ? now() : shown.updatedAtMs,
        nextBeatSeconds: nextBeatSeconds(of.definition, random()),
      };
    },

    /** Says that a viewer has gone. @throws as `beat` */
    async leave(of: PresenceOf, member: string): Promise<void> {
      await store.remove({ ...of, member });
    },
  };
}

const sumOf = (parts: readonly Total[]): bigint =>
  parts.reduce((sum, { count }) => sum + count, 0n);

function latestOf(parts: readonly Total[]): number | null {
  const times = parts.flatMap(({ updatedAtMs }) => updatedAtMs ?? []);
  return times.length > 0 ? Math.max(...times) : null;
}
