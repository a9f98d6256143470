/** HTTP operations on live updates. */
import type { Counters } from '../../counters/counters.ts';
import { limits } from '../../rules/limits.ts';
import type { LiveEndpoints } from '../../runtime/environment.ts';
import type { Operation } from '../answer-request.ts';
import { parseCounter, requireShown } from '../http-request.ts';
import { json } from '../responses.ts';

export function createLiveOperations({ live, config }: Counters, endpoints: LiveEndpoints) {
  const findLiveUpdates: Operation = async (request) => {
    const channel = await live.findChannel(requireShown(parseCounter(request.params, config)));
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
