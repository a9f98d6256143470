/**
 * How what a member says is replaced, so that a request which lands late takes nothing back.
 *
 * A request reads the stored stamp first and replaces only what has that stamp. Once a later request
 * has been acknowledged, the stamp is another one: an attempt that was lost on the way, and lands
 * minutes after it, is refused, whatever the clocks say. A member that leaves stays as an item with
 * a stamp for as long, since a missing item could not refuse anything.
 *
 * Clocks decide only between requests that overlap, where either order is right: the one that began
 * later stays. So the retry of a choice does not undo the next click. Requests of two sessions of a
 * viewer do not compete: the second is made again on what the first has left.
 */
import { repeat } from '../rules/backoff.ts';
import { limits } from '../rules/limits.ts';
import type { MemberKey, MemberState, MemberStore, StoredMember } from '../store/member-store.ts';
import { StoreUnavailableError } from '../store/store-errors.ts';
import type { CounterContext } from './counter-context.ts';

/** What a member said before a write, and says after it. */
export interface MemberMove {
  readonly before: MemberState | undefined;
  readonly after: MemberState;
  /** A request that overlapped with this one and began later was first: what that says stays. */
  readonly superseded: boolean;
}

/** What a request makes of a member. */
export interface MemberChange {
  /** @param begunAtMs when the request began; expiry is in epoch seconds, undefined for a state that stays */
  next(
    before: StoredMember | undefined,
    begunAtMs: number,
  ): { readonly state: MemberState; readonly expiresAt: number | undefined };
  /**
   * Whether what stopped this request is the later word, and stays. By default the one with the later
   * stamp is.
   */
  isOver?(stored: StoredMember, first: StoredMember | undefined, begunAtMs: number): boolean;
}

export type MemberWriteParts = Pick<CounterContext, 'region' | 'now' | 'random' | 'pause'> & {
  readonly store: MemberStore;
};

/** @throws OutcomeUnknownError (writing again is always right), StoreUnavailableError */
export async function writeMember(
  { store, region, now, random, pause }: MemberWriteParts,
  key: MemberKey,
  change: MemberChange,
): Promise<MemberMove> {
  const begunAtMs = now();
  const first = await store.read(key);
  let stored = first;

  /** @returns undefined if an earlier request was faster */
  async function attempt(): Promise<MemberMove | undefined> {
    const replaces = stored?.stamp;
    const stamp = Math.max(begunAtMs, (replaces ?? 0) + 1);
    const { state, expiresAt } = change.next(stored, begunAtMs);
    const result = await store.write(key, { state, region, stamp, replaces, expiresAt });
    if (result.outcome === 'written') return { before: stored, after: state, superseded: false };
    stored = result.stored;
    if (stored === undefined) return undefined;
    const isOver = change.isOver?.(stored, first, begunAtMs) ?? stored.stamp > stamp;
    return isOver ? { before: stored, after: stored, superseded: true } : undefined;
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

/** When a member that has left may be forgotten: epoch seconds. */
export const leftExpiry = (atMs: number): number =>
  Math.ceil(atMs / 1000) + limits.keepLeftMemberSeconds;

/** Whether the fold may not have come yet to what a member says since this moment (epoch ms). */
export const mayBePending = ({ sinceMs }: MemberState, nowMs: number): boolean =>
  sinceMs !== undefined && nowMs - sinceMs < limits.foldedAfterSeconds * 1000;

/**
 * Whether what a member says is certainly not in a total: the fold dates a cell no earlier than what it
 * adds. A later write may date it back, so this is believed only for as long as the fold may take.
 */
export const isUnfolded = (
  state: MemberState,
  { updatedAtMs }: { readonly updatedAtMs: number | null },
  nowMs: number,
): boolean => mayBePending(state, nowMs) && (updatedAtMs ?? 0) < (state.sinceMs ?? 0);
