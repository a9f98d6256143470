/** HTTP operations on live updates. */
import type { Counters } from '../counters/counters.ts';
import { limits } from '../rules/limits.ts';
import type { LiveEndpoints } from '../runtime/environment.ts';
import type { Operation } from './answer-request.ts';
import { parseCounter, requireKind } from './http-request.ts';
import { json } from './responses.ts';

export function createLiveOperations({ live, config }: Counters, endpoints: LiveEndpoints) {
  const findLiveUpdates: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'count');
    const channel = await live.findChannel(named);
    return json(
      200,
      {
        realtime: endpoints.realtime,
        http: endpoints.http,
        api_key: endpoints.apiKey,
        channel,
        renew_after_seconds: limits.renewWatchAfterSeconds,
      },
      { 'cache-control': 'no-store' },
    );
  };

  return { findLiveUpdates };
}
