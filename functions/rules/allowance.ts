/**
 * What may be taken in a time: a token bucket, by the generic cell rate algorithm (GCRA, ITU-T I.371;
 * for APIs see Brandur Leach, "Rate Limiting, Cells, and GCRA", and his throttled). Its whole state is
 * one time, the theoretical arrival, at which everything will be back. It is ahead of now by what is
 * taken. One that is in the past means that nothing is taken, so room never grows beyond the burst.
 *
 * Writers go by their own clocks. If each is within `d` of true time, a stretch `t` of it lets through
 * at most the burst and what comes back in `t + 2d`: a take moves the arrival by its cost, from no
 * earlier than its writer's now to no later than its writer's now and the burst.
 */
export interface Rate {
  /** So many units come back in `perSeconds`. */
  readonly max: number;
  readonly perSeconds: number;
  /** Units that can be taken at once, when nothing is taken. */
  readonly burst: number;
}

export interface Room {
  /** Whole units that can be taken now. */
  readonly remaining: number;
  /** Ms until there is room for the cost that was asked for; 0 if there is. */
  readonly retryAfterMs: number;
}

/** Times are whole microseconds: exact numbers for centuries, and 1 % of a unit at 10,000 units a second. */
export const asMicroseconds = (ms: number): number => Math.round(ms * 1000);

/** The time in which one unit comes back: rounded up, so that never more than `max` do. */
const unitUs = ({ max, perSeconds }: Rate): number => Math.ceil((perSeconds * 1e6) / max);

/** By how much a cost moves the arrival. */
export const takenUs = (rate: Rate, cost: number): number => cost * unitUs(rate);

/** The latest arrival that leaves room for a cost, which is at most the burst. */
export const latestArrivalUs = (
  rate: Rate,
  { cost, nowMs }: { readonly cost: number; readonly nowMs: number },
): number => asMicroseconds(nowMs) + takenUs(rate, rate.burst - cost);

/** @param arrivalUs the theoretical arrival, epoch microseconds; undefined if nothing was taken yet */
export function roomAt(
  arrivalUs: number | undefined,
  rate: Rate,
  options: { readonly cost: number; readonly nowMs: number },
): Room {
  const nowUs = asMicroseconds(options.nowMs);
  const arrival = Math.max(arrivalUs ?? nowUs, nowUs);
  const left = takenUs(rate, rate.burst) - (arrival - nowUs);
  return {
    remaining: Math.max(0, Math.floor(left / unitUs(rate))),
    retryAfterMs: Math.max(0, Math.ceil((arrival - latestArrivalUs(rate, options)) / 1000)),
  };
}

/** Epoch seconds at which everything is back, whatever a take at this time leaves. */
export const wholeAgainAt = (
  rate: Rate,
  { cost, nowMs }: { readonly cost: number; readonly nowMs: number },
): number => Math.ceil((asMicroseconds(nowMs) + takenUs(rate, rate.burst + cost)) / 1e6);
