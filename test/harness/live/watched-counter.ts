/**
 * A counter that somebody listens to, and the functions of many stream shards that change it: each
 * change is followed by the real turn-taking on a watch item in memory, where every call takes time,
 * may fail before or after it is done, and may be the last thing that its function does.
 */
import { StoreUnavailableError } from '../../../functions/store/store-errors.ts';
import type { Watch, WatchStore } from '../../../functions/store/watch-store.ts';
import { createLiveTurns } from '../../../functions/stream/live-turns.ts';
import { seededRandom } from '../seeded-random.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

export interface LiveScene {
  readonly seed: number;
  readonly functions: number;
  readonly changes: number;
  /** Within how many ms they come. */
  readonly withinMs: number;
  /** How often a call fails, and how often a function dies of it. */
  readonly failures: number;
  readonly deaths: number;
  readonly clockSkewMs: number;
  /** How the real turn-taking is made wrong. */
  readonly mutate?: (store: WatchStore, pause: VirtualTime['pause']) => WatchStore;
}

export interface LiveOutcome {
  readonly total: number;
  /** The total that each message told, and when it was sent, in that order. */
  readonly messages: readonly { readonly total: number; readonly atMs: number }[];
  readonly firstChangeAtMs: number;
  readonly calls: number;
}

class Death extends Error {}

export async function runLiveScene(scene: LiveScene): Promise<LiveOutcome> {
  const random = seededRandom(scene.seed);
  const startMs = Date.UTC(2026, 10, 21, 9, 30);
  const time = createVirtualTime(startMs);
  const messages: { total: number; atMs: number }[] = [];
  let watch: Watch = {
    untilMs: startMs + 600_000,
    sentAtMs: undefined,
    step: undefined,
    isLeased: false,
  };
  let total = 0;
  let ids = 0;
  let calls = 0;
  let firstChangeAtMs = Infinity;

  /** A call to the database, done at some time on its way. */
  async function call<T>(work: () => T): Promise<T> {
    calls += 1;
    await time.pause(1 + random() * 9);
    if (random() < scene.deaths) throw new Death();
    if (random() < scene.failures) throw new StoreUnavailableError('throttled');
    const result = work();
    await time.pause(1 + random() * 9);
    if (random() < scene.deaths) throw new Death();
    return result;
  }

  const watchStore: WatchStore = {
    read: () => call(() => watch),
    listen: async () => {},
    step: (_, { id, after, sentAtMs }) =>
      call(() => {
        if (watch.step !== after) return { made: false, watch };
        watch =
          sentAtMs === undefined
            ? { ...watch, step: id, isLeased: true }
            : { ...watch, step: id, sentAtMs, isLeased: false };
        return { made: true };
      }),
  };
  /** A function has a clock of its own, which may be wrong by some tens of ms. */
  function startFunction() {
    const skewMs = (random() - 0.5) * scene.clockSkewMs;
    return createLiveTurns({
      watchStore: scene.mutate?.(watchStore, time.pause) ?? watchStore,
      now: () => Math.round(time.now() + skewMs),
      pause: time.pause,
      newToken: () => `step-${ids++}`,
    });
  }
  const key = { subject: 'post-42', counter: 'likes', region: 'here' };

  async function tell(takesTurn: ReturnType<typeof createLiveTurns>): Promise<void> {
    if (!(await takesTurn(key))) return;
    const seen = await call(() => total);
    await time.pause(1 + random() * 9);
    messages.push({ total: seen, atMs: time.now() });
  }

  /** A batch that its function dies of is delivered again, to another one. */
  async function deliver(takesTurn: ReturnType<typeof createLiveTurns>): Promise<void> {
    try {
      await tell(takesTurn);
    } catch (error) {
      if (!(error instanceof Death || error instanceof StoreUnavailableError)) throw error;
      await time.pause(1_000);
      await deliver(startFunction());
    }
  }

  const functions = Array.from({ length: scene.functions }, startFunction);
  for (let change = 0; change < scene.changes; change++) {
    const takesTurn = functions[change % functions.length] ?? startFunction();
    void time.pause(random() * scene.withinMs).then(async () => {
      total += 1;
      firstChangeAtMs = Math.min(firstChangeAtMs, time.now());
      await deliver(takesTurn);
    });
  }
  await time.run();
  return { total, messages, firstChangeAtMs, calls };
}
