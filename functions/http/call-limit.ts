/**
 * Calls a minute of a key: one of Tally's own counters, bounded and a minute long, so that the limit
 * holds across all functions. It costs a write for each request of a key that has a limit.
 */
import type { createCounts } from '../counters/count.ts';
import type { CountDefinition } from '../counters/define-counters.ts';
import { limits } from '../rules/limits.ts';
import type { ApiKey } from '../store/key-store.ts';
import { Problem } from './problems.ts';

/** @throws Problem rate_limited */
export type CallLimit = (key: Pick<ApiKey, 'id' | 'callsPerMinute'>) => Promise<void>;

/** No counter of a configuration can have this name, so that no route reaches these counts. */
export const callsCounter = '.calls';

export function createCallLimit({
  counts,
  now,
}: {
  counts: ReturnType<typeof createCounts>;
  now: () => number;
}): CallLimit {
  return async ({ id, callsPerMinute }) => {
    if (callsPerMinute === undefined) return;
    const definition: CountDefinition = {
      kind: 'count',
      write: 'immediate',
      windows: ['minute'],
      bounds: { max: callsPerMinute },
      keepDays: { ...limits.keepDays, minute: 0 },
      maxShards: 1,
      access: { read: 'key', write: 'key' },
    };
    const counted = await counts.change(
      { subject: id, counter: callsCounter, definition },
      { amount: 1, token: undefined, wantCount: false },
    );
    if (counted.ok) return;
    const secondsLeft = 60 - Math.floor((now() / 1000) % 60);
    throw new Problem('rate_limited', `This key may make ${callsPerMinute} requests a minute.`, {
      headers: { 'retry-after': String(secondsLeft) },
    });
  };
}
