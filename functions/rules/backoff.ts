import { limits } from './limits.ts';

/**
 * How long to wait before trying again: exponential with full jitter (AWS Architecture Blog,
 * "Exponential Backoff and Jitter").
 *
 * @param attempt how many tries came before, from 0
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function retryPauseMs(attempt: number, random: number): number {
  const { first, longest } = limits.retryPauseMs;
  return random * Math.min(longest, first * 2 ** attempt);
}

/**
 * Repeats an attempt while its result asks for that, with a pause before each next one.
 *
 * @param options.attempts how many there are at most, from 1
 * @param options.isToRepeat whether a result is worth another attempt
 * @param options.random in [0, 1): spreads the pauses
 * @param options.pause resolves after that many ms
 * @returns the last result
 * @throws what an attempt throws
 */
export async function repeat<Result>(
  attempt: () => Promise<Result>,
  options: {
    attempts: number;
    isToRepeat: (result: Result) => boolean;
    random: () => number;
    pause: (ms: number) => Promise<unknown>;
  },
): Promise<Result> {
  const { attempts, isToRepeat, random, pause } = options;
  for (let made = 1; ; made++) {
    const result = await attempt();
    if (made >= attempts || !isToRepeat(result)) return result;
    await pause(retryPauseMs(made - 1, random()));
  }
}
