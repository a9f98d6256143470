import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeat, retryPauseMs } from '../../../functions/rules/backoff.ts';
import { limits } from '../../../functions/rules/limits.ts';

const { first, longest } = limits.retryPauseMs;
const attemptsBefore = fc.nat({ max: 5_000 });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a pause is never longer than the longest, however many tries came before', () => {
  fc.assert(
    fc.property(attemptsBefore, randoms, (attempt, random) => {
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
    fc.property(attemptsBefore, randoms, (attempt, random) => {
      expect(retryPauseMs(attempt + 1, random)).toBeGreaterThanOrEqual(
        retryPauseMs(attempt, random),
      );
    }),
  );
});

test('the jitter is full: writers that met once are spread over the whole pause', () => {
  fc.assert(
    fc.property(attemptsBefore, randoms, (attempt, random) => {
      expect(retryPauseMs(attempt, random)).toBeCloseTo(random * retryPauseMs(attempt, 1));
    }),
  );
});

describe('an attempt', () => {
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  /** Attempts that give these results, of which negative ones ask for another. */
  async function repeated(results: readonly number[], attempts: number) {
    pauses.length = 0;
    let made = 0;
    const attempt = async () => results[made++] ?? Number.NaN;
    const isToRepeat = (result: number) => result < 0;
    return {
      result: await repeat(attempt, { attempts, isToRepeat, random: () => 1, pause }),
      made,
    };
  }

  test('whose result is good is made once, without a pause', async () => {
    expect(await repeated([7, 8], 3)).toEqual({ result: 7, made: 1 });
    expect(pauses).toEqual([]);
  });

  test('is repeated after ever longer pauses until its result is good', async () => {
    expect(await repeated([-1, -2, -3, 7, 8], 9)).toEqual({ result: 7, made: 4 });
    expect(pauses).toEqual([first, 2 * first, 4 * first]);
  });

  test('is not repeated more often than allowed, and nothing waits after the last', async () => {
    expect(await repeated([-1, -2, -3], 2)).toEqual({ result: -2, made: 2 });
    expect(pauses).toEqual([first]);
  });

  test('that throws is not repeated', async () => {
    const attempt = () => Promise.reject(new Error('no'));
    const options = { attempts: 3, isToRepeat: () => true, random: () => 0, pause };
    await expect(repeat(attempt, options)).rejects.toThrow('no');
  });
});
