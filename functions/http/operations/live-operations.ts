/** HTTP operations on live updates. */
import type { Counters } from '../../counters/counters.ts';
import type { LiveEndpoints } from '../../counters/live-endpoints.ts';
import { limits } from '../../rules/limits.ts';
import type { Operation } from '../operation.ts';
import { requireLive } from '../parse-names.ts';
import { inputOf } from '../request-input.ts';
import { json } from '../responses.ts';

export function createLiveOperations({ live }: Counters, endpoints: LiveEndpoints) {
  const findLiveUpdates: Operation = async (request) => {
    const counter = requireLive(request.counter());
    inputOf(request, {});
    return json(200, {
      realtime: endpoints.realtime,
      http: endpoints.http,
      api_key: endpoints.apiKey,
      channel: await live.findChannel(counter),
      renew_after_seconds: limits.renewWatchAfterSeconds,
    });
  };

  return { findLiveUpdates };
}
