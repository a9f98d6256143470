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
