/**
 * Calls a minute of a key: one of Tally's own counters, bounded and a minute long, so that the limit
 * holds across all functions of a region. It costs a write for each request of a key that has a
 * limit, or of a pass made with it; once that is reached, a function remembers it, so that a flood is
 * no more expensive.
 */
import { LRUCache } from 'lru-cache';
import type { createCounts } from '../counters/count.ts';
import type { CountDefinition } from '../counters/define-counters.ts';
import { Problem } from '../http/problem.ts';
import { limits } from '../rules/limits.ts';
import type { ApiKey } from '../store/api-key-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

/** A key, as far as its calls are concerned. */
export type CallingKey = Pick<ApiKey, 'id' | 'callsPerMinute'>;

/** @throws Problem rate_limited; StoreUnavailableError */
export type CallLimit = (key: CallingKey) => Promise<void>;

/** No counter of a configuration can have this name, so that no route reaches these counts. */
export const callsCounter = '.calls';

export function createCallLimit({
  counts,
  now,
}: {
  counts: ReturnType<typeof createCounts>;
  now: () => number;
}): CallLimit {
  /** Keys that have used up a minute, and when it ends, in epoch ms. */
  const usedUpUntilMs = new LRUCache<string, number>({ max: limits.rememberedKeys });
  /** Of this minute. */
  const msLeft = () => 60_000 - (now() % 60_000);

  /** @returns whether the call is within the limit */
  async function count(id: string, callsPerMinute: number): Promise<boolean> {
    if ((usedUpUntilMs.get(id) ?? 0) > now()) return false;
    const definition: CountDefinition = {
      kind: 'count',
      write: 'immediate',
      windows: ['minute'],
      bounds: { max: callsPerMinute },
      keepDays: { ...limits.keepDays, minute: 0 },
      maxShards: 1,
      access: { read: 'key', write: 'key' },
    };
    const nextMinuteMs = now() + msLeft();
    const counted = await counts
      .change(
        { subject: id, counter: callsCounter, definition },
        { amount: 1, token: undefined, wantCount: false },
      )
      .catch(asUnavailable);
    if (!counted.ok && counted.code === 'out_of_bounds') usedUpUntilMs.set(id, nextMinuteMs);
    return counted.ok;
  }

  return async ({ id, callsPerMinute }) => {
    if (callsPerMinute === undefined || (await count(id, callsPerMinute))) return;
    throw new Problem('rate_limited', `This key may make ${callsPerMinute} requests a minute.`, {
      headers: { 'retry-after': String(Math.ceil(msLeft() / 1000)) },
    });
  };
}

/** Of what the caller asked for nothing has happened, whatever became of the count of its calls. */
function asUnavailable(error: unknown): never {
  if (!(error instanceof OutcomeUnknownError)) throw error;
  throw new StoreUnavailableError(error.message, { cause: error });
}
