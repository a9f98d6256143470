import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asMicroseconds,
  latestArrivalUs,
  type Rate,
  roomAt,
  takenUs,
  wholeAgainAt,
} from '../../../functions/rules/allowance.ts';
import { limits } from '../../../functions/rules/limits.ts';

/** The simplest token bucket: a number that grows, up to the burst. In exact fractions of a unit. */
class NaiveBucket {
  readonly #rate: Rate;
  readonly #unit: bigint;
  #level: bigint;
  #atMs: number;

  constructor(rate: Rate, atMs: number) {
    this.#rate = rate;
    // A ms brings `max` of these.
    this.#unit = BigInt(rate.perSeconds) * 1000n;
    this.#level = BigInt(rate.burst) * this.#unit;
    this.#atMs = atMs;
  }

  /** Whole units in it. */
  room(nowMs: number): number {
    return Number(this.#at(nowMs) / this.#unit);
  }

  take(cost: number, nowMs: number): boolean {
    const level = this.#at(nowMs) - BigInt(cost) * this.#unit;
    if (level < 0n) return false;
    [this.#level, this.#atMs] = [level, nowMs];
    return true;
  }

  giveBack(cost: number, nowMs: number): void {
    [this.#level, this.#atMs] = [this.#at(nowMs) + BigInt(cost) * this.#unit, nowMs];
  }

  #at(nowMs: number): bigint {
    const level = this.#level + BigInt(nowMs - this.#atMs) * BigInt(this.#rate.max);
    const full = BigInt(this.#rate.burst) * this.#unit;
    return level > full ? full : level;
  }
}

/** The rule as a store applies it. */
class Allowance {
  readonly #rate: Rate;
  #arrivalUs: number | undefined;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  roomAt(nowMs: number, cost = 1) {
    return roomAt(this.#arrivalUs, this.#rate, { cost, nowMs });
  }

  take(cost: number, nowMs: number): boolean {
    if (this.roomAt(nowMs, cost).retryAfterMs > 0) return false;
    const from = Math.max(this.#arrivalUs ?? 0, asMicroseconds(nowMs));
    this.#arrivalUs = from + takenUs(this.#rate, cost);
    return true;
  }

  giveBack(cost: number): void {
    if (this.#arrivalUs !== undefined) this.#arrivalUs -= takenUs(this.#rate, cost);
  }
}

const start = Date.parse('2096-02-28T23:00:00Z');
const rates = fc
  .record({
    max: fc.integer({ min: 1, max: 1_000 }),
    perSeconds: fc.integer({ min: 1, max: 3_600 }),
    burst: fc.integer({ min: 1, max: 1_000 }),
  })
  .filter(({ max, perSeconds }) => max / perSeconds <= limits.limitUnitsPerSecond);
/** Rates whose units come back in whole microseconds: there, nothing is rounded. */
const evenRates = rates.filter(({ max, perSeconds }) => (perSeconds * 1e6) % max === 0);
const steps = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(100_000)),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    isBack: fc.boolean(),
  }),
  { maxLength: 60 },
);
const costOf = (share: number, { burst }: Rate) => Math.max(1, Math.round(share * burst));

describe('an allowance', () => {
  test('lets through what a bucket would that is refilled all the time', () => {
    fc.assert(
      fc.property(evenRates, steps, (rate, all) => {
        const naive = new NaiveBucket(rate, start);
        const allowance = new Allowance(rate);
        let nowMs = start;
        for (const { afterMs, share } of all) {
          nowMs += afterMs;
          const cost = costOf(share, rate);
          expect(allowance.roomAt(nowMs).remaining).toBe(naive.room(nowMs));
          expect(allowance.take(cost, nowMs)).toBe(naive.take(cost, nowMs));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('lets through no more than that whatever the rate, and one microsecond a unit less at most', () => {
    fc.assert(
      fc.property(rates, steps, (rate, all) => {
        const naive = new NaiveBucket(rate, start);
        const allowance = new Allowance(rate);
        let nowMs = start;
        for (const { afterMs, share } of all) {
          nowMs += afterMs;
          const cost = costOf(share, rate);
          const isTaken = allowance.take(cost, nowMs);
          if (isTaken) expect(naive.take(cost, nowMs)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('has the same room as that bucket when some is given back, and never more than the burst', () => {
    fc.assert(
      fc.property(evenRates, steps, (rate, all) => {
        const naive = new NaiveBucket(rate, start);
        const allowance = new Allowance(rate);
        let nowMs = start;
        for (const { afterMs, share, isBack } of all) {
          nowMs += afterMs;
          const cost = costOf(share, rate);
          if (isBack) {
            naive.giveBack(cost, nowMs);
            allowance.giveBack(cost);
          } else {
            expect(allowance.take(cost, nowMs)).toBe(naive.take(cost, nowMs));
          }
          const { remaining } = allowance.roomAt(nowMs);
          expect(remaining).toBeLessThanOrEqual(rate.burst);
          expect(remaining).toBe(naive.room(nowMs));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('has room exactly after as long as it says', () => {
    fc.assert(
      fc.property(rates, fc.nat(100_000), fc.nat(100_000), (rate, taken, afterMs) => {
        const allowance = new Allowance(rate);
        for (let left = taken % (rate.burst + 1); left > 0; left--) allowance.take(1, start);
        const cost = 1 + (afterMs % rate.burst);
        const { retryAfterMs } = allowance.roomAt(start, cost);
        fc.pre(retryAfterMs > 0);
        expect(allowance.roomAt(start + retryAfterMs - 1, cost).retryAfterMs).toBe(1);
        expect(allowance.take(cost, start + retryAfterMs)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is whole at the time at which it expires', () => {
    fc.assert(
      fc.property(rates, fc.nat(1_000), (rate, counted) => {
        const latest = latestArrivalUs(rate, { cost: 1, nowMs: start }) + takenUs(rate, counted);
        const expiryMs = wholeAgainAt(rate, { cost: counted, nowMs: start }) * 1000;
        expect(roomAt(latest, rate, { cost: 1, nowMs: expiryMs }).remaining).toBe(rate.burst);
      }),
      { numRuns: 1_000 },
    );
  });

  test('keeps its rate within 1 % at the highest that can be defined', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: limits.limitUnitsPerSecond }), (max) => {
        const rate = { max, perSeconds: 1, burst: max };
        expect(takenUs(rate, max)).toBeGreaterThanOrEqual(1e6);
        expect(takenUs(rate, max)).toBeLessThanOrEqual(1.01 * 1e6);
      }),
    );
  });
});
