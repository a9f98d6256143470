/**
 * Live updates: where to listen to a counter, and whether somebody does. A message that nobody
 * hears would cost as much as the write it tells of, so only counters that were asked for publish.
 */

import { createHmac } from 'node:crypto';
import { limits } from '../rules/limits.ts';
import { allWindowKey, windowKeyAt } from '../rules/windows.ts';
import type { CellKey, CellStore } from '../store/cell-store.ts';
import type { SecretStore } from '../store/secret-store.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { NamedCounter } from './named-counter.ts';
import type { LiveDefinition } from './show.ts';
import { totalExpiry } from './total-expiry.ts';

/** A mark that lasts so long is enough: timers of tabs in the background are up to a minute late. */
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
  secret,
  calendars,
  config,
  region,
  now,
}: {
  store: CellStore;
  secret: SecretStore;
  calendars: Calendars;
} & Pick<CounterContext, 'config' | 'region' | 'now'>) {
  /**
   * The cell that bears the mark: of a count the one that it shows, so that the mark is in the image
   * of every change. Minutes are over before a listener asks again, so they get one for the mark.
   */
  async function markedCell(
    { subject, counter, definition }: NamedCounter<LiveDefinition>,
    at: number,
  ): Promise<CellKey> {
    const cell = { subject, counter, region, shard: 0 };
    const kind = definition.kind === 'count' ? definition.windows[0] : 'all';
    if (kind === 'minute' || kind === 'all') return { ...cell, window: allWindowKey };
    return { ...cell, window: windowKeyAt(kind, at, await calendars.of(subject, [kind])) };
  }

  /** Marks a cell as watched, unless its mark lasts long enough without that. */
  async function mark(key: CellKey): Promise<void> {
    const [cell] = await store.readCells([key], { consistent: false });
    if ((cell?.watchedUntilMs ?? 0) > now() + longEnoughMs) return;
    await store.watch(key, {
      untilMs: now() + limits.watchSeconds * 1000,
      expiresAt: totalExpiry(config, key),
    });
  }

  return {
    /**
     * Where to listen to a counter. Its changes are published from now on, for some minutes.
     * @throws StoreUnavailableError
     */
    async findChannel(counter: NamedCounter<LiveDefinition>): Promise<string> {
      const cell = await markedCell(counter, now());
      // A window that ends before the listener asks again goes over into the next one.
      const next = await markedCell(counter, now() + limits.watchSeconds * 1000);
      await mark(cell);
      if (next.window !== cell.window) await mark(next);
      return channelOf(await secret.read(), counter);
    },

    /** Whether somebody listens. @throws StoreUnavailableError */
    async isWatched(counter: NamedCounter<LiveDefinition>): Promise<boolean> {
      const [cell] = await store.readCells([await markedCell(counter, now())], {
        consistent: false,
      });
      return (cell?.watchedUntilMs ?? 0) > now();
    },
  };
}
