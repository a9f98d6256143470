/** Tells those who listen what a batch has changed: one message for each counter, with its new total. */
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import type { CounterContext } from '../counters/counter-context.ts';
import type { Counters } from '../counters/counters.ts';
import { channelOf } from '../counters/live.ts';
import type { Shown, ShownOf } from '../counters/show.ts';
import { limits } from '../rules/limits.ts';
import { windowKeyAt } from '../rules/windows.ts';
import type { CellMove } from '../store/stream-records.ts';
import type { Publish } from './publisher.ts';

/** A counter that moved in a batch, and until when it is watched (epoch ms), if one of the moves told. */
interface Moved {
  readonly of: ShownOf;
  readonly watchedUntilMs: number | undefined;
}

export interface PublishReport {
  readonly sent: number;
  readonly failures: readonly unknown[];
}

export function createChangePublisher({
  context: { config, store, now },
  counters: { calendars, live, show },
  publish,
}: {
  context: CounterContext;
  counters: Counters;
  publish: Publish;
}) {
  const limit = pLimit(limits.publishConcurrency);
  /** When this function last told of how many viewers. */
  const lastTold = new LRUCache<string, { count: number; atMs: number }>({
    max: limits.rememberedCounters,
  });

  /** The counter of a moved cell, if that is a part of what it shows now. */
  async function movedCounter(move: CellMove): Promise<Moved[]> {
    const { subject, series, window, watchedUntilMs } = move;
    const [counter = ''] = series.split('/');
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
        const of = { subject, counter, definition };
        return [{ of, watchedUntilMs: kind === 'minute' ? undefined : watchedUntilMs }];
      }
      case 'reaction':
        return [{ of: { subject, counter, definition }, watchedUntilMs: undefined }];
      case 'presence':
        return [{ of: { subject, counter, definition }, watchedUntilMs: undefined }];
    }
  }

  /** Heartbeats move cells all the time; the same number of viewers is told again once a heartbeat. */
  function isNews({ subject, counter, definition }: ShownOf, { count }: Shown): boolean {
    if (definition.kind !== 'presence') return true;
    const told = lastTold.get(`${subject}#${counter}`);
    return told?.count !== count || now() - told.atMs >= definition.heartbeatSeconds * 1000;
  }

  /** The total is read anew, so that what is sent is never older than what was sent before. */
  async function tell({ of, watchedUntilMs }: Moved): Promise<boolean> {
    const watched =
      watchedUntilMs === undefined ? await live.isWatched(of) : watchedUntilMs > now();
    if (!watched) return false;
    const shown = await show(of, { consistent: true });
    if (!shown.ok || !isNews(of, shown)) return false;
    const { subject, counter } = of;
    const { count, choices, updatedAtMs } = shown;
    await publish({
      channel: channelOf(await store.secret(), of),
      body: {
        subject,
        counter,
        count,
        ...(choices ? { choices } : {}),
        updated_at: new Date(updatedAtMs ?? now()).toISOString(),
      },
    });
    if (of.definition.kind === 'presence') {
      lastTold.set(`${subject}#${counter}`, { count, atMs: now() });
    }
    return true;
  }

  /**
   * Publishing is best effort: a listener that misses a message gets the next, and the total itself
   * is safe. So a failure is returned, to be logged, and never makes the stream deliver again.
   */
  return async (moves: readonly CellMove[]): Promise<PublishReport> => {
    const found = await Promise.allSettled(moves.map(movedCounter));
    const moved = found.flatMap((it) => (it.status === 'fulfilled' ? it.value : []));
    const told = await Promise.allSettled(onePerCounter(moved).map((it) => limit(() => tell(it))));
    return {
      sent: told.filter((it) => it.status === 'fulfilled' && it.value).length,
      failures: [...found, ...told].flatMap((it) => (it.status === 'rejected' ? [it.reason] : [])),
    };
  };
}

/** Of several moves of one counter, one that knows whether somebody listens. */
function onePerCounter(moved: readonly Moved[]): Moved[] {
  const byCounter = new Map<string, Moved>();
  for (const move of moved) {
    const name = `${move.of.subject}#${move.of.counter}`;
    if (byCounter.get(name)?.watchedUntilMs === undefined) byCounter.set(name, move);
  }
  return [...byCounter.values()];
}
