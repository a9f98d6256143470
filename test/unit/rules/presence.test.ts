import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import {
  bucketKeyAt,
  bucketStart,
  isBucketOver,
  lastAwayAt,
  nextBeatSeconds,
  presentBuckets,
} from '../../../functions/rules/presence.ts';

const pulse = fc
  .record({
    heartbeatSeconds: fc.integer({ min: 1, max: limits.heartbeatSecondsMax }),
    awayAfterSeconds: fc.integer({ min: 2, max: limits.awayAfterSecondsMax }),
  })
  .filter(
    ({ heartbeatSeconds, awayAfterSeconds }) =>
      awayAfterSeconds > heartbeatSeconds &&
      awayAfterSeconds / heartbeatSeconds <= limits.presentBuckets,
  );
/** From this century, in ms. */
const moment = fc.integer({ min: Date.UTC(2001, 0), max: Date.UTC(2099, 0) });
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a bucket is named after its start, in epoch seconds', () => {
  const tens = { heartbeatSeconds: 10, awayAfterSeconds: 30 };
  expect(bucketKeyAt(0, tens)).toBe('@0');
  expect(bucketKeyAt(9_999, tens)).toBe('@0');
  expect(bucketKeyAt(10_000, tens)).toBe('@10');
  expect(bucketKeyAt(1_795_290_009_999, tens)).toBe('@1795290000');
  expect(bucketStart('@1795290000')).toBe(1_795_290_000);
});

test.each(['', '-', '@', '@-1', '@1.5', '@x', '1795290000', '@1234567890123', '2026-11-21', ' @1'])(
  '%j names no bucket',
  (key) => {
    expect(bucketStart(key)).toBeUndefined();
  },
);

test('a beat falls into the bucket that has begun and is not over', () => {
  fc.assert(
    fc.property(pulse, moment, (of, atMs) => {
      const startMs = (bucketStart(bucketKeyAt(atMs, of)) ?? Number.NaN) * 1000;
      expect(startMs).toBeLessThanOrEqual(atMs);
      expect(startMs + of.heartbeatSeconds * 1000).toBeGreaterThan(atMs);
    }),
  );
});

describe('a viewer that has fallen silent', () => {
  const isPresent = (of: Parameters<typeof presentBuckets>[1], beatAtMs: number, atMs: number) =>
    presentBuckets(atMs, of).includes(bucketKeyAt(beatAtMs, of));

  test('is here for the away time, and gone a heartbeat after it at the latest', () => {
    fc.assert(
      fc.property(pulse, moment, fraction, fraction, (of, beatAtMs, early, late) => {
        const awayMs = of.awayAfterSeconds * 1000;
        const heartbeatMs = of.heartbeatSeconds * 1000;
        expect(isPresent(of, beatAtMs, beatAtMs + Math.floor(early * awayMs))).toBe(true);
        const tooLate = beatAtMs + awayMs + heartbeatMs + Math.floor(late * 1e9);
        expect(isPresent(of, beatAtMs, tooLate)).toBe(false);
      }),
    );
  });

  test('goes when its bucket has been over for the away time, to the millisecond', () => {
    fc.assert(
      fc.property(pulse, moment, (of, beatAtMs) => {
        const start = bucketStart(bucketKeyAt(beatAtMs, of)) ?? Number.NaN;
        const goesAtMs = (start + of.heartbeatSeconds + of.awayAfterSeconds) * 1000;
        expect(isPresent(of, beatAtMs, goesAtMs - 1)).toBe(true);
        expect(isPresent(of, beatAtMs, goesAtMs)).toBe(false);
        expect(lastAwayAt(goesAtMs, beatAtMs, of)).toBe(goesAtMs);
        expect(lastAwayAt(goesAtMs - 1, beatAtMs, of)).toBeLessThan(goesAtMs);
        expect(lastAwayAt(goesAtMs + 1e9, beatAtMs, of)).toBe(goesAtMs);
      }),
    );
  });

  test('is in a bucket that is not over while anybody may ask for it', () => {
    fc.assert(
      fc.property(pulse, moment, fc.nat(1e7), (of, beatAtMs, laterMs) => {
        const bucket = bucketKeyAt(beatAtMs, of);
        const over = isBucketOver(bucket, beatAtMs + laterMs, of);
        if (over) expect(isPresent(of, beatAtMs, beatAtMs + laterMs)).toBe(false);
        expect(isBucketOver(bucket, beatAtMs + 4 * 3_600_000, of)).toBe(true);
      }),
    );
  });

  test('never comes back', () => {
    fc.assert(
      fc.property(pulse, moment, fc.nat(1e7), fc.nat(1e7), (of, beatAtMs, first, more) => {
        fc.pre(!isPresent(of, beatAtMs, beatAtMs + first));
        expect(isPresent(of, beatAtMs, beatAtMs + first + more)).toBe(false);
      }),
    );
  });
});

test('a viewer that beats when it is told to is here all the time', () => {
  fc.assert(
    fc.property(
      pulse,
      moment,
      fc.array(fraction, { minLength: 1, maxLength: 20 }),
      fraction,
      (of, startMs, chances, when) => {
        let atMs = startMs;
        for (const chance of chances) {
          const nextMs = atMs + nextBeatSeconds(of, chance) * 1000;
          const between = Math.floor(atMs + when * (nextMs - atMs));
          expect(presentBuckets(between, of)).toContain(bucketKeyAt(atMs, of));
          atMs = nextMs;
        }
      },
    ),
  );
});

test('the buckets of now are few, different, and in a row up to now', () => {
  fc.assert(
    fc.property(pulse, moment, (of, atMs) => {
      const starts = presentBuckets(atMs, of).map((key) => bucketStart(key) ?? Number.NaN);
      expect(starts.length).toBeLessThanOrEqual(limits.presentBuckets + 1);
      expect(starts[0]).toBe(bucketStart(bucketKeyAt(atMs, of)));
      for (const [index, start] of starts.entries()) {
        expect(start).toBe((starts[0] ?? 0) - index * of.heartbeatSeconds);
      }
    }),
  );
});

test('clients are told to beat before the heartbeat is over, and not all at once', () => {
  fc.assert(
    fc.property(pulse, fraction, (of, chance) => {
      const seconds = nextBeatSeconds(of, chance);
      expect(seconds).toBeGreaterThanOrEqual(0.8 * of.heartbeatSeconds - 0.005);
      expect(seconds).toBeLessThanOrEqual(of.heartbeatSeconds);
    }),
  );
  const tens = { heartbeatSeconds: 10, awayAfterSeconds: 30 };
  expect([0, 0.25, 0.5, 0.75].map((chance) => nextBeatSeconds(tens, chance))).toEqual([
    8, 8.5, 9, 9.5,
  ]);
});
