/**
 * Live updates: where to listen to a counter. A message that nobody
 * hears would cost as much as the write it tells of, so only counters that were asked for publish.
 */

import { createHmac } from 'node:crypto';
import { limits } from '../rules/limits.ts';
import type { WatchStore } from '../store/watch-store.ts';
import type { CounterContext } from './counter-context.ts';
import type { NamedCounter } from './named-counter.ts';
import type { Secrets } from './secrets.ts';
import type { LiveDefinition } from './show.ts';

/** A watch that lasts so long is enough: timers of tabs in the background are up to a minute late. */
const longEnoughMs = (limits.renewWatchAfterSeconds + 90) * 1000;

/**
 * The channel of a counter. Its name is a capability: only who may read the counter is told it, and
 * nobody can guess it. It is short and plain enough for AppSync (a segment is at most 50 letters,
 * digits and dashes), whatever the subject is called.
 */
export function channelOf(
  secret: Buffer,
  { subject, counter }: Pick<NamedCounter<LiveDefinition>, 'subject' | 'counter'>,
): string {
  const digest = createHmac('sha256', secret).update(`channel#${subject}#${counter}`).digest('hex');
  return `/counters/${digest.slice(0, 32)}`;
}

export function createLive({
  store,
  secrets,
  region,
  now,
}: {
  store: WatchStore;
  secrets: Secrets;
} & Pick<CounterContext, 'region' | 'now'>) {
  return {
    /**
     * Where to listen to a counter. Its changes are published from now on, for some minutes. Functions
     * remember for two seconds that nobody listens: a listener reads the count again after three.
     * @throws StoreUnavailableError, OutcomeUnknownError
     */
    async findChannel(counter: NamedCounter<LiveDefinition>): Promise<string> {
      const key = { subject: counter.subject, counter: counter.counter, region };
      const watch = await store.read(key);
      if ((watch?.untilMs ?? 0) <= now() + longEnoughMs) {
        await store.listen(key, now() + limits.watchSeconds * 1000);
      }
      return channelOf((await secrets.now()).signing.bytes, counter);
    },
  };
}
