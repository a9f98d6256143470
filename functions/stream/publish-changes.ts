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
import type { Publish } from './publisher.ts';

/** A counter that moved in a batch, and until when it is watched (epoch ms), if one of the moves told. */
interface Moved {
  readonly counter: NamedCounter<LiveDefinition>;
  readonly watchedUntilMs: number | undefined;
}

export interface PublishReport {
  readonly sent: number;
  readonly failures: readonly unknown[];
}

export function createChangePublisher({
  context: {
    config,
    stores: { secret },
    now,
  },
  counters: { calendars, live, show },
  publish,
}: {
  context: CounterContext;
  counters: Counters;
  publish: Publish;
}) {
  const limit = pLimit(limits.publishConcurrency);
  /** What this function last told of a counter, and when it had (epoch ms; 0 for not yet). */
  const lastTold = new LRUCache<string, { count: number; updatedAtMs: number; atMs: number }>({
    max: limits.rememberedCounters,
  });
  const nameOf = ({ subject, counter }: NamedCounter<LiveDefinition>) => `${subject}#${counter}`;

  /** The counter of a moved cell, if that is a part of what it shows now. */
  async function movedCounter(move: CellMove): Promise<Moved[]> {
    const { subject, counter, window, watchedUntilMs } = move;
    const definition = config.counters.get(counter);
    switch (definition?.kind) {
      case undefined:
      case 'ticket':
      case 'unique':
        return [];
      case 'count': {
        const [kind] = definition.windows;
        const calendar = await calendars.of(subject, [kind]);
        if (windowKeyAt(kind, now(), calendar) !== window) return [];
        const named = { subject, counter, definition };
        return [{ counter: named, watchedUntilMs: kind === 'minute' ? undefined : watchedUntilMs }];
      }
      case 'reaction':
        return [{ counter: { subject, counter, definition }, watchedUntilMs }];
      case 'presence':
        return [{ counter: { subject, counter, definition }, watchedUntilMs }];
    }
  }

  /** Heartbeats move cells all the time; the same number of viewers is told again once a heartbeat. */
  function isNews(counter: NamedCounter<LiveDefinition>, { count }: Shown): boolean {
    const { definition } = counter;
    if (definition.kind !== 'presence') return true;
    const told = lastTold.get(nameOf(counter));
    return told?.count !== count || now() - told.atMs >= definition.heartbeatSeconds * 1000;
  }

  /**
   * The time of a total that is read after the one told last, so it must be later. The cells' own
   * times may go back by some milliseconds, where several wrote at once.
   */
  function laterThanTold(counter: NamedCounter<LiveDefinition>, updatedAtMs: number): number {
    return Math.max(updatedAtMs, (lastTold.get(nameOf(counter))?.updatedAtMs ?? 0) + 1);
  }

  /** The total is read anew, so that what is sent is never older than what was sent before. */
  async function tell({ counter, watchedUntilMs }: Moved, deadlineMs: number): Promise<boolean> {
    if (now() >= deadlineMs) throw new Error('live messages are late; this one was dropped');
    const watched =
      watchedUntilMs === undefined ? await live.isWatched(counter) : watchedUntilMs > now();
    if (!watched) return false;
    const shown = await show(counter, { consistent: true });
    if (!shown.ok || !isNews(counter, shown)) return false;
    const { count, choices } = shown;
    const updatedAtMs = laterThanTold(counter, shown.updatedAtMs ?? now());
    lastTold.set(nameOf(counter), { count, updatedAtMs, atMs: 0 });
    await publish({
      channel: channelOf(await secret.read(), counter),
      body: {
        subject: counter.subject,
        counter: counter.counter,
        count,
        ...(choices ? { choices } : {}),
        updated_at: new Date(updatedAtMs).toISOString(),
      },
    });
    lastTold.set(nameOf(counter), { count, updatedAtMs, atMs: now() });
    return true;
  }

  /**
   * Publishing is best effort: a listener that misses a message gets the next, and the total itself
   * is safe. So a failure is returned, to be logged, and never makes the stream deliver again; and
   * there is an end to the time that messages may take, for the fold waits for them.
   */
  return async (moves: readonly CellMove[]): Promise<PublishReport> => {
    const found = await Promise.allSettled(moves.map(movedCounter));
    const moved = found.flatMap((it) => (it.status === 'fulfilled' ? it.value : []));
    const deadlineMs = now() + limits.publishBatchMs;
    const told = await Promise.allSettled(
      onePerCounter(moved).map((it) => limit(() => tell(it, deadlineMs))),
    );
    return {
      sent: told.filter((it) => it.status === 'fulfilled' && it.value).length,
      failures: [...found, ...told].flatMap((it) => (it.status === 'rejected' ? [it.reason] : [])),
    };
  };
}

/** Keeps one move a counter, if possible one that knows whether somebody listens. */
function onePerCounter(moved: readonly Moved[]): Moved[] {
  const byCounter = new Map<string, Moved>();
  for (const move of moved) {
    const name = `${move.counter.subject}#${move.counter.counter}`;
    if (byCounter.get(name)?.watchedUntilMs === undefined) byCounter.set(name, move);
  }
  return [...byCounter.values()];
}
