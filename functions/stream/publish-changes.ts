/** Tells those who listen what a batch has changed: one message for each counter, with its new total. */

import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import type { CounterContext } from '../counters/counter-context.ts';
import type { Counters } from '../counters/counters.ts';
import { channelOf } from '../counters/live.ts';
import type { NamedCounter } from '../counters/named-counter.ts';
import type { LiveDefinition, Shown } from '../counters/show.ts';
import type { CellMove } from '../dynamo/stream-records.ts';
import { limits } from '../rules/limits.ts';
import { windowKeyAt } from '../rules/windows.ts';
import { createLiveTurns } from './live-turns.ts';
import type { Publish } from './publisher.ts';

export interface PublishReport {
  readonly sent: number;
  readonly failures: readonly unknown[];
}

export function createChangePublisher({
  context,
  counters: { calendars, secrets, show },
  publish,
}: {
  context: CounterContext;
  counters: Counters;
  publish: Publish;
}) {
  const { config, stores, region, now } = context;
  const limit = pLimit(limits.publishConcurrency);
  const takesTurn = createLiveTurns({ ...context, watchStore: stores.watches });
  /** The last message that this function has sent of a counter, and when (epoch ms). */
  const lastPublished = new LRUCache<string, { count: number; atMs: number }>({
    max: limits.rememberedCounters,
  });
  const nameOf = ({ subject, counter }: NamedCounter<LiveDefinition>) => `${subject}#${counter}`;

  /** The counter of a moved cell, if that is a part of what it shows now. */
  async function movedCounter({
    subject,
    counter,
    window,
  }: CellMove): Promise<NamedCounter<LiveDefinition>[]> {
    const definition = config.counters.get(counter);
    switch (definition?.kind) {
      case undefined:
      case 'ticket':
      case 'unique':
      case 'limit':
        return [];
      case 'count': {
        const [kind] = definition.windows;
        const calendar = await calendars.of(subject, [kind]);
        const isShown = windowKeyAt(kind, now(), calendar) === window;
        return isShown ? [{ subject, counter, definition }] : [];
      }
      case 'reaction':
        return [{ subject, counter, definition }];
      case 'presence':
        return [{ subject, counter, definition }];
    }
  }

  /** Heartbeats move cells all the time; the same number of viewers is told again once a heartbeat. */
  function isNews(counter: NamedCounter<LiveDefinition>, { count }: Shown): boolean {
    const { definition } = counter;
    if (definition.kind !== 'presence') return true;
    const last = lastPublished.get(nameOf(counter));
    return last?.count !== count || now() - last.atMs >= definition.heartbeatSeconds * 1000;
  }

  async function send(counter: NamedCounter<LiveDefinition>, deadlineMs: number): Promise<boolean> {
    if (now() >= deadlineMs) throw new Error('live messages are late; this one was dropped');
    const shown = await show(counter, { consistent: true });
    if (!shown.ok || !isNews(counter, shown)) return false;
    const { count, choices, window, version, updatedAtMs } = shown;
    const body = {
      subject: counter.subject,
      counter: counter.counter,
      count,
      ...(choices ? { choices } : {}),
      ...(window === undefined ? {} : { window }),
      version,
      updated_at: new Date(updatedAtMs ?? now()).toISOString(),
    };
    // Those who asked before the secret was rotated listen on the channel that it named then.
    const versions = (await secrets.now()).inUseFor(limits.watchSeconds);
    const channels = versions.map(({ bytes }) => channelOf(bytes, counter));
    await Promise.all(channels.map((channel) => publish({ channel, body })));
    lastPublished.set(nameOf(counter), { count, atMs: now() });
    return true;
  }

  /** Waiting for a turn is nothing that others need to wait for. */
  async function tell(counter: NamedCounter<LiveDefinition>, deadlineMs: number): Promise<boolean> {
    const isOurs = await takesTurn({ subject: counter.subject, counter: counter.counter, region });
    return isOurs && limit(() => send(counter, deadlineMs));
  }

  /**
   * Publishing is best effort: a listener that misses a message gets the next, and the total itself
   * is safe. So a failure is returned, to be logged, and never makes the stream deliver again; and
   * there is an end to the time that messages may take, for the fold waits for them.
   */
  return async (moves: readonly CellMove[]): Promise<PublishReport> => {
    const found = await Promise.allSettled(moves.map(movedCounter));
    const moved = found.flatMap((it) => (it.status === 'fulfilled' ? it.value : []));
    const distinct = new Map(moved.map((counter) => [nameOf(counter), counter]));
    const deadlineMs = now() + limits.publishBatchMs;
    const results = await Promise.allSettled(
      [...distinct.values()].map((counter) => tell(counter, deadlineMs)),
    );
    return {
      sent: results.filter((it) => it.status === 'fulfilled' && it.value).length,
      failures: [...found, ...results].flatMap((it) =>
        it.status === 'rejected' ? [it.reason] : [],
      ),
    };
  };
}
