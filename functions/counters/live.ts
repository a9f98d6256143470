/**
 * Live updates: where to listen to a counter, and whether somebody does. A message that nobody
 * hears would cost as much as the write it tells of, so only counters that were asked for publish.
 */
import { createHmac } from 'node:crypto';
import { limits } from '../rules/limits.ts';
import { windowExpiry, windowKeyAt } from '../rules/windows.ts';
import type { Calendars } from './calendars.ts';
import type { CountOf } from './count.ts';
import type { CounterContext } from './counter-context.ts';

/**
 * The channel of a counter. Its name is a capability: only who may read the counter is told it, and
 * nobody can guess it. It is short and plain enough for AppSync (a segment is at most 50 letters,
 * digits and dashes), whatever the subject is called.
 */
export function channelOf(
  secret: Buffer,
  { subject, counter }: Pick<CountOf, 'subject' | 'counter'>,
): string {
  const digest = createHmac('sha256', secret).update(`${subject}#${counter}`).digest('hex');
  return `/counters/${digest.slice(0, 32)}`;
}

export function createLive({
  context: { store, region, now, random },
  calendars,
}: {
  context: CounterContext;
  calendars: Calendars;
}) {
  /** Marks a window as watched, unless the mark lasts long enough without that. */
  async function watch({ subject, counter, definition }: CountOf, window: string): Promise<void> {
    const key = { subject, series: counter, region, shard: 0, window };
    const [cell] = await store.readCells([key], { consistent: false });
    if ((cell?.watchedUntilMs ?? 0) > now() + limits.renewWatchAfterSeconds * 1000) return;
    await store.watch(key, {
      untilMs: now() + limits.watchSeconds * 1000,
      expiresAt: windowExpiry({ window, keepDays: definition.keepDays, jitter: random() }),
    });
  }

  /**
   * Where to listen to a counter. Its changes are published from now on, for some minutes.
   * @throws StoreUnavailableError
   */
  async function findChannel(of: CountOf): Promise<string> {
    const [kind] = of.definition.windows;
    const calendar = await calendars.of(of.subject, [kind]);
    // A window that ends before the listener asks again goes over into the next one.
    const windows = [now(), now() + limits.watchSeconds * 1000].map((at) =>
      windowKeyAt(kind, at, calendar),
    );
    await Promise.all([...new Set(windows)].map((window) => watch(of, window)));
    return channelOf(await store.secret(), of);
  }

  return { findChannel };
}
