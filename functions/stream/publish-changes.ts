/** Tells those who listen what a batch has changed: one message for each counter, with its new total. */
import pLimit from 'p-limit';
import type { Calendars } from '../counters/calendars.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import { channelOf } from '../counters/live.ts';
import type { Totals } from '../counters/total.ts';
import { limits } from '../rules/limits.ts';
import { windowKeyAt } from '../rules/windows.ts';
import type { CellMove } from '../store/stream-records.ts';
import type { Publish } from './publisher.ts';

export interface PublishContext {
  readonly context: CounterContext;
  readonly totals: Totals;
  readonly calendars: Calendars;
  readonly publish: Publish;
}

/**
 * Publishing is best effort: a listener that misses a message gets the next, and the total itself is
 * safe. So a failure is returned, to be logged, and never makes the stream deliver again.
 *
 * @returns how many messages were sent, and what failed
 */
export async function publishChanges(
  { context, totals, calendars, publish }: PublishContext,
  moves: readonly CellMove[],
): Promise<{ sent: number; failures: unknown[] }> {
  const { store, region, config, now } = context;
  const limit = pLimit(limits.publishConcurrency);

  /** Whether it is the window that the counter shows now. */
  async function isShown({ subject, series, window }: CellMove): Promise<boolean> {
    const definition = config.counters.get(series);
    if (definition?.kind !== 'count') return false;
    const [kind] = definition.windows;
    return windowKeyAt(kind, now(), await calendars.of(subject, [kind])) === window;
  }

  async function isWatched({ watchedUntilMs, ...key }: CellMove): Promise<boolean> {
    if (watchedUntilMs !== undefined) return watchedUntilMs > now();
    const [cell] = await store.readCells([{ ...key, region, shard: 0 }], { consistent: false });
    return (cell?.watchedUntilMs ?? 0) > now();
  }

  /** The total is read anew, so that what is sent is never older than what was sent before. */
  async function publishTotal(move: CellMove): Promise<boolean> {
    if (!(await isShown(move)) || !(await isWatched(move))) return false;
    const { subject, series: counter } = move;
    const { count, updatedAtMs } = await totals.read(move, { consistent: true });
    await publish({
      channel: channelOf(await store.secret(), { subject, counter }),
      body: {
        subject,
        counter,
        count: Number(count),
        updated_at: updatedAtMs === null ? null : new Date(updatedAtMs).toISOString(),
      },
    });
    return true;
  }

  const results = await Promise.allSettled(
    onePerTotal(moves).map((move) => limit(() => publishTotal(move))),
  );
  return {
    sent: results.filter((result) => result.status === 'fulfilled' && result.value).length,
    failures: results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])),
  };
}

/** Of several moves of one window of a total, one that knows whether somebody listens. */
function onePerTotal(moves: readonly CellMove[]): CellMove[] {
  const byTotal = new Map<string, CellMove>();
  for (const move of moves) {
    const name = `${move.subject}#${move.series}#${move.window}`;
    if (byTotal.get(name)?.watchedUntilMs === undefined) byTotal.set(name, move);
  }
  return [...byTotal.values()];
}
