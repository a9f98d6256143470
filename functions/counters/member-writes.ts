/**
 * How what a member says is replaced, so that a request which lands late takes nothing back.
 *
 * A request reads the stored stamp first and replaces only what has that stamp. Once a later request
 * has been acknowledged, the stamp is another one: an attempt that was lost on the way, and lands
 * minutes after it, is refused, whatever the clocks say. A member that leaves stays as an item with
 * a stamp alone for as long, since a missing item could not refuse anything.
 *
 * Clocks decide only between requests that overlap, where either order is right: the one that began
 * later stays. So the retry of a choice does not undo the next click.
 */
import { repeat } from '../rules/backoff.ts';
import { limits } from '../rules/limits.ts';
import type { MemberKey, MemberState, MemberStore } from '../store/member-store.ts';
import { StoreUnavailableError } from '../store/store-errors.ts';
import type { CounterContext } from './counter-context.ts';

/** What a member said before a write, and says after it. */
export interface MemberMove {
  readonly before: MemberState | undefined;
  readonly after: MemberState;
  /** A request that overlapped with this one and began later was first: what that says stays. */
  readonly superseded: boolean;
}

type Parts = Pick<CounterContext, 'region' | 'now' | 'random' | 'pause'> & {
  readonly store: MemberStore;
};

/**
 * @param expiresAt epoch seconds; undefined for a state that stays
 * @throws OutcomeUnknownError (writing again is always right), StoreUnavailableError
 */
export async function writeMember(
  { store, region, now, random, pause }: Parts,
  key: MemberKey,
  { state, expiresAt }: { state: MemberState; expiresAt: number | undefined },
): Promise<MemberMove> {
  const begunAtMs = now();
  let stored = await store.read(key);

  /** @returns undefined if an earlier request was faster */
  async function attempt(): Promise<MemberMove | undefined> {
    const replaces = stored?.stamp;
    const stamp = Math.max(begunAtMs, (replaces ?? 0) + 1);
    const result = await store.write(key, { state, region, stamp, replaces, expiresAt });
    if (result.outcome === 'written') return { before: stored, after: state, superseded: false };
    stored = result.stored;
    if (stored === undefined || stored.stamp <= stamp) return undefined;
    return { before: stored, after: stored, superseded: true };
  }

  const move = await repeat(attempt, {
    attempts: limits.boundedAttempts,
    isToRepeat: (it) => it === undefined,
    random,
    pause,
  });
  if (move) return move;
  throw new StoreUnavailableError('too many requests were at the same member');
}

/** Takes back what a member says. @throws as `writeMember` */
export const removeMember = (parts: Parts, key: MemberKey): Promise<MemberMove> =>
  writeMember(parts, key, {
    state: {},
    expiresAt: Math.ceil(parts.now() / 1000) + limits.keepLeftMemberSeconds,
  });
