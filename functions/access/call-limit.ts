/**
 * The call limit of API keys. Calls a minute are one of Tally's own counters, bounded and one minute
 * long, so the limit holds for all functions of a region together. It costs a write for each call of
 * a key with a limit, or of a pass made with one. Once a minute is used up, the function remembers
 * that, so a flood writes no more.
 */
import { LRUCache } from 'lru-cache';
import type { createCounts } from '../counters/count.ts';
import type { CountDefinition } from '../counters/define-counters.ts';
import { type Refusal, refuse } from '../counters/refusals.ts';
import { limits } from '../rules/limits.ts';
import type { ApiKey } from '../store/api-key-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

/** What the call limit needs of an API key. */
export type CallingKey = Pick<ApiKey, 'id' | 'callsPerMinute'>;

export interface TooManyCalls extends Refusal<'rate_limited'> {
  readonly retryAfterSeconds: number;
}

/** Counts a call. @returns a refusal beyond the limit @throws StoreUnavailableError */
export type CallLimit = (key: CallingKey) => Promise<TooManyCalls | undefined>;

/** No configuration can have a counter of this name, so no route reaches these counts. */
export const callsCounter = '.calls';

export function createCallLimit({
  counts,
  now,
}: {
  counts: ReturnType<typeof createCounts>;
  now: () => number;
}): CallLimit {
  /** By the id of a key that has used up its minute: when the minute ends, in epoch ms. */
  const usedUpUntilMs = new LRUCache<string, number>({ max: limits.rememberedKeys });
  const msLeftOfMinute = () => 60_000 - (now() % 60_000);

  /** @returns whether the call is within the limit */
  async function count(id: string, callsPerMinute: number): Promise<boolean> {
    if ((usedUpUntilMs.get(id) ?? 0) > now()) return false;
    const definition: CountDefinition = {
      kind: 'count',
      write: 'immediate',
      windows: ['minute'],
      bounds: { max: callsPerMinute },
      amounts: { max: 1, decrement: false },
      keepDays: { ...limits.keepDays, minute: 0 },
      maxShards: 1,
      access: { read: 'key', write: 'key' },
    };
    const nextMinuteMs = now() + msLeftOfMinute();
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
    if (callsPerMinute === undefined || (await count(id, callsPerMinute))) return undefined;
    return {
      ...refuse('rate_limited', `This API key may make ${callsPerMinute} requests a minute.`),
      retryAfterSeconds: Math.ceil(msLeftOfMinute() / 1000),
    };
  };
}

/** The caller's request has not run, even if we do not know whether this call was counted. */
function asUnavailable(error: unknown): never {
  if (!(error instanceof OutcomeUnknownError)) throw error;
  throw new StoreUnavailableError(error.message, { cause: error });
}
