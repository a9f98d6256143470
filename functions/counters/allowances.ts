/**
 * Takes from allowances: one conditional update each, two where a function does not know whether
 * anything is taken yet. It remembers what it has seen, so that it usually knows.
 */
import { LRUCache } from 'lru-cache';
import {
  asMicroseconds,
  latestArrivalUs,
  type Rate,
  type Room,
  roomAt,
  takenUs,
  wholeAgainAt,
} from '../rules/allowance.ts';
import { limits } from '../rules/limits.ts';
import type { AllowanceKey, AllowanceStore } from '../store/allowance-store.ts';
import type { CounterContext } from './counter-context.ts';

export interface TakeAnswer extends Room {
  /** `contended`: others were faster at every attempt, and nothing was taken. */
  readonly outcome: 'taken' | 'refused' | 'contended';
  /** The theoretical arrival, as it was seen last. */
  readonly arrivalUs: number | undefined;
}

/**
 * @param options.trustRefusalMs for how long it is remembered that there is no room; what another
 *   function gives back is noticed no sooner
 */
export function createAllowances({
  store,
  now,
  trustRefusalMs,
}: { store: AllowanceStore; trustRefusalMs: number } & Pick<CounterContext, 'now'>) {
  const lastSeen = new LRUCache<string, { arrivalUs: number | undefined; atMs: number }>({
    max: limits.rememberedAllowances,
  });

  function see(key: AllowanceKey, arrivalUs: number | undefined): void {
    lastSeen.set(nameOf(key), { arrivalUs, atMs: now() });
  }

  /**
   * @param options.cost what there must be room for, at most the burst
   * @param options.counts what is taken, if that is more
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  async function take(
    key: AllowanceKey,
    rate: Rate,
    { cost, counts = cost }: { readonly cost: number; readonly counts?: number },
  ): Promise<TakeAnswer> {
    const memory = lastSeen.get(nameOf(key));
    let arrivalUs = memory?.arrivalUs;
    let isCurrent = memory !== undefined && now() - memory.atMs < trustRefusalMs;
    for (let attempts = 0; attempts < limits.takeAttempts; attempts++) {
      const nowMs = now();
      const room = roomAt(arrivalUs, rate, { cost, nowMs });
      if (isCurrent && room.retryAfterMs > 0) return { outcome: 'refused', ...room, arrivalUs };
      const nowUs = asMicroseconds(nowMs);
      const taken = await store.take(key, {
        from: arrivalUs === undefined || arrivalUs < nowUs ? 'whole' : 'taken',
        nowUs,
        addUs: takenUs(rate, counts),
        latestUs: latestArrivalUs(rate, { cost, nowMs }),
        expiresAt: wholeAgainAt(rate, { cost: counts, nowMs }) + limits.allowanceGraceSeconds,
      });
      arrivalUs = taken.arrivalUs;
      see(key, arrivalUs);
      if (taken.done) {
        return { outcome: 'taken', ...roomAt(arrivalUs, rate, { cost, nowMs }), arrivalUs };
      }
      isCurrent = true;
    }
    return { outcome: 'contended', ...roomAt(arrivalUs, rate, { cost, nowMs: now() }), arrivalUs };
  }

  /** @throws StoreUnavailableError */
  async function read(
    key: AllowanceKey,
    options: { consistent: boolean },
  ): Promise<number | undefined> {
    const arrivalUs = await store.read(key, options);
    see(key, arrivalUs);
    return arrivalUs;
  }

  /**
   * Gives back what was taken; what is more than that is lost.
   *
   * @returns the room there is then
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  async function giveBack(key: AllowanceKey, rate: Rate, cost: number): Promise<Room> {
    const nowMs = now();
    const { arrivalUs } = await store.giveBack(key, {
      nowUs: asMicroseconds(nowMs),
      subtractUs: takenUs(rate, cost),
    });
    see(key, arrivalUs);
    return roomAt(arrivalUs, rate, { cost: 1, nowMs });
  }

  return { take, read, giveBack };
}

const nameOf = (key: AllowanceKey): string =>
  'limit' in key ? `${key.limit}#${key.caller}` : `${key.subject}#${key.counter}`;
