/** Takes turns with the functions of other stream shards in sending a counter's live messages. */
import { LRUCache } from 'lru-cache';
import { limits } from '../rules/limits.ts';
import { type LiveTurn, liveTurn } from '../rules/live-turn.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import type { Watch, WatchKey, WatchStore } from '../store/watch-store.ts';

export interface LiveTurnContext {
  readonly watchStore: WatchStore;
  /** Epoch ms. */
  readonly now: () => number;
  /** Resolves after that many ms. */
  readonly pause: (ms: number) => Promise<unknown>;
  /** An id nobody else has. */
  readonly newToken: () => string;
}

/**
 * @returns whether it is this function's turn to send, once for all that was changed before the
 *   call: it may take a quarter of a second to say so, and the total must be read after it has
 */
export function createLiveTurns({ watchStore, now, pause, newToken }: LiveTurnContext) {
  /** Counters that nobody listens to, and until when (epoch ms) that is remembered. */
  const unwatchedUntilMs = new LRUCache<string, number>({ max: limits.rememberedCounters });

  async function readWatch(key: WatchKey): Promise<Watch | undefined> {
    const name = `${key.subject}#${key.counter}`;
    if ((unwatchedUntilMs.get(name) ?? 0) > now()) return undefined;
    const readAtMs = now();
    const watch = await watchStore.read(key);
    if (!watch || watch.untilMs <= readAtMs) {
      unwatchedUntilMs.set(name, readAtMs + limits.unwatchedCacheMs);
      return undefined;
    }
    return watch;
  }

  /** Makes the step that a turn begins with; undefined if others were faster, who must be seen first. */
  async function begin(
    key: WatchKey,
    watch: Watch | undefined,
    turn: LiveTurn,
  ): Promise<boolean | { watch: Watch | undefined }> {
    if (turn.turn === 'nobody' || turn.turn === 'leave') return false;
    const id = newToken();
    const sentAtMs = turn.turn === 'send' ? turn.sentAtMs : undefined;
    const step = await watchStore.step(key, { id, after: watch?.step, sentAtMs });
    if (!step.made) return { watch: step.watch };
    return turn.turn === 'send' || close(key, id, turn);
  }

  /** Ends the lease that a step has begun. @returns false if somebody has sent instead, later */
  async function close(
    key: WatchKey,
    lease: string,
    { waitMs, sentAtMs }: Extract<LiveTurn, { turn: 'lease' }>,
  ): Promise<boolean> {
    await pause(waitMs);
    const step = { id: newToken(), after: lease, sentAtMs: Math.max(sentAtMs, now()) };
    return (await watchStore.step(key, step)).made;
  }

  return async (key: WatchKey): Promise<boolean> => {
    try {
      let watch = await readWatch(key);
      // A step that is refused has met another one, and few of those come before it is another's turn.
      for (;;) {
        const begun = await begin(key, watch, liveTurn(watch, now()));
        if (typeof begun === 'boolean') return begun;
        watch = begun.watch;
      }
    } catch (error) {
      // Nobody may know of the change: a message too many is better than the last one too few.
      if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError)
        return true;
      throw error;
    }
  };
}
