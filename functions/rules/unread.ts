/** What is unread of a counter: what has come since a user last looked. */

/** Where a counter stands, or stood when a user looked. */
export interface Sight {
  readonly count: bigint;
  /** What resets had subtracted from it, in all. */
  readonly resetAway: bigint;
}

/**
 * What has come since, never below 0. A reset ends what was counted before: what had come until then
 * stays unread as far as the count had grown, and if it had fallen, what comes after starts from 0.
 */
export function unreadSince(seen: Sight, now: Sight): bigint {
  const resetAway = now.resetAway - seen.resetAway;
  // A set upwards has brought nothing that anybody could read.
  if (resetAway <= 0n) return atLeastZero(now.count + resetAway - seen.count);
  return atLeastZero(resetAway - seen.count) + atLeastZero(now.count);
}

const atLeastZero = (count: bigint): bigint => (count > 0n ? count : 0n);
