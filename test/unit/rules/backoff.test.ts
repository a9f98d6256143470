import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryPauseMs } from '../../../functions/rules/backoff.ts';
import { limits } from '../../../functions/rules/limits.ts';

const { first, longest } = limits.retryPauseMs;
const attempts = fc.nat({ max: 5_000 });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a pause is never longer than the longest, however many tries came before', () => {
  fc.assert(
    fc.property(attempts, randoms, (attempt, random) => {
      const pauseMs = retryPauseMs(attempt, random);
      expect(pauseMs >= 0 && pauseMs <= longest).toBe(true);
    }),
  );
});

test('the first pause is up to the first limit, and each next one up to twice as long', () => {
  const longestPauses = [0, 1, 2, 3].map((attempt) => retryPauseMs(attempt, 1));
  expect(longestPauses).toEqual([first, 2 * first, 4 * first, 8 * first]);
});

test('later pauses are not shorter for the same random', () => {
  fc.assert(
    fc.property(attempts, randoms, (attempt, random) => {
      expect(retryPauseMs(attempt + 1, random)).toBeGreaterThanOrEqual(
        retryPauseMs(attempt, random),
      );
    }),
  );
});

test('the jitter is full: writers that met once are spread over the whole pause', () => {
  fc.assert(
    fc.property(attempts, randoms, (attempt, random) => {
      expect(retryPauseMs(attempt, random)).toBeCloseTo(random * retryPauseMs(attempt, 1));
    }),
  );
});
