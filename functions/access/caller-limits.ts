/**
 * Tally's own limits on callers: API keys, visitors and network addresses. An exact one costs a write
 * for each request. The others would cost as much as what they protect, so most requests only look at
 * what a function remembers, or read an item; one in some is counted in the table, for as many.
 */
import { LRUCache } from 'lru-cache';
import { createAllowances } from '../counters/allowances.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import { type Refusal, refuse } from '../counters/refusals.ts';
import { type Room, roomAt } from '../rules/allowance.ts';
import { type CallerLimit, samplingOf } from '../rules/caller-limits.ts';
import { limits } from '../rules/limits.ts';
import type { AllowanceStore, CallerAllowance } from '../store/allowance-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

export interface TooManyCalls extends Refusal<'rate_limited'> {
  readonly retryAfterSeconds: number;
  readonly limit: CallerLimit;
  /** Whole units that the caller has left. */
  readonly remaining: number;
}

/** It can never be let through. */
export type TooHeavy = Refusal<'request_too_heavy'>;

export interface CallerLimits {
  /**
   * Counts a request of a caller.
   *
   * @param weight what it counts for; nothing is counted if there is no room for it
   * @param whole what the request counts for in all, if a part of it is counted already
   * @returns why it is refused; undefined if it is let through
   * @throws StoreUnavailableError also if it is not known whether the request was counted: it has not run
   */
  take(
    limit: CallerLimit,
    caller: string,
    weight: number,
    whole?: number,
  ): Promise<TooManyCalls | TooHeavy | undefined>;
}

/** What a function knows of a caller. */
interface Sight {
  arrivalUs: number | undefined;
  readAtMs: number;
  /** What it has let through since it looked. */
  letThrough: number;
  /** What it has let through and is not counted yet; it begins anywhere below a sample. */
  uncounted: number;
}

export function createCallerLimits({
  store,
  region,
  now,
  random,
}: { store: AllowanceStore } & Pick<CounterContext, 'region' | 'now' | 'random'>): CallerLimits {
  // Nothing is ever given back to a caller, so a refusal holds until there is room.
  const allowances = createAllowances({ store, now, trustRefusalMs: Infinity });
  const sights = new LRUCache<string, Sight>({ max: limits.rememberedAllowances });

  /** What is left behind a take that is counted at once; undefined if there was no room. */
  async function count(
    key: CallerAllowance,
    { rate }: CallerLimit,
    options: { readonly cost: number; readonly counts: number },
  ) {
    const answer = await allowances.take(key, rate, options).catch(asUnavailable);
    if (answer.outcome !== 'contended') return answer;
    throw new StoreUnavailableError('a caller could not be counted');
  }

  async function sightOf(key: CallerAllowance, limit: CallerLimit): Promise<Sight> {
    const { rate } = limit;
    const name = `${key.limit}#${key.caller}`;
    const known = sights.get(name);
    const nowMs = now();
    if (known) {
      const isNew = nowMs - known.readAtMs < limits.callerReadMs;
      const isSmall = known.letThrough < rate.burst / limits.callerReadPart;
      const hasRoom = roomAt(known.arrivalUs, rate, { cost: 1, nowMs }).retryAfterMs === 0;
      if ((isNew && isSmall) || !hasRoom) return known;
    }
    const arrivalUs = await allowances.read(key, { consistent: false });
    const uncounted = known?.uncounted ?? random() * samplingOf(limit);
    const sight = { arrivalUs, readAtMs: nowMs, letThrough: 0, uncounted };
    sights.set(name, sight);
    return sight;
  }

  async function takeSampled(
    key: CallerAllowance,
    limit: CallerLimit,
    weight: number,
  ): Promise<Room | undefined> {
    const { rate } = limit;
    const sight = await sightOf(key, limit);
    const nowMs = now();
    const room = roomAt(sight.arrivalUs, rate, { cost: weight, nowMs });
    if (room.retryAfterMs > 0) return room;
    const isHalfTaken = room.remaining < rate.burst / 2;
    const sample = isHalfTaken ? 1 : samplingOf(limit);
    const counts = isHalfTaken ? weight : Math.floor((sight.uncounted + weight) / sample) * sample;
    if (!isHalfTaken) sight.uncounted += weight - counts;
    sight.letThrough += weight;
    if (counts === 0) return undefined;
    const answer = await count(key, limit, { cost: weight, counts });
    const isTaken = answer.outcome === 'taken';
    // After a refusal others are waiting for the same room, and a read is cheaper than another refusal.
    const readAtMs = isTaken ? nowMs : -Infinity;
    Object.assign(sight, { arrivalUs: answer.arrivalUs, readAtMs, letThrough: 0 });
    return isTaken ? undefined : answer;
  }

  return {
    async take(limit, caller, weight, whole = weight) {
      const { rate } = limit;
      if (whole > rate.burst) return tooHeavy(limit, whole);
      const key = { limit: limit.name, caller, region };
      if (!limit.isExact) {
        const room = await takeSampled(key, limit, weight);
        return room && tooMany(limit, room);
      }
      const answer = await count(key, limit, { cost: weight, counts: weight });
      return answer.outcome === 'taken' ? undefined : tooMany(limit, answer);
    },
  };
}

const tooMany = (limit: CallerLimit, { remaining, retryAfterMs }: Room): TooManyCalls => ({
  ...refuse('rate_limited', `${limit.rule}.`),
  retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)),
  limit,
  remaining,
});

const tooHeavy = ({ rule, rate }: CallerLimit, weight: number): TooHeavy =>
  refuse(
    'request_too_heavy',
    `The request counts as ${weight}, and at most ${rate.burst} fit at once. ${rule}.`,
  );

/** The caller's request has not run, even if we do not know whether it was counted. */
function asUnavailable(error: unknown): never {
  if (!(error instanceof OutcomeUnknownError)) throw error;
  throw new StoreUnavailableError(error.message, { cause: error });
}
