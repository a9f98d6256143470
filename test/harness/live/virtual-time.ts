/** Time that passes when everybody waits: any number of functions at once, in one order for a seed. */
import { setImmediate as settled } from 'node:timers/promises';

export interface VirtualTime {
  /** Epoch ms. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Resolves when nobody waits any more. */
  run(): Promise<void>;
}

export function createVirtualTime(startMs: number): VirtualTime {
  let nowMs = startMs;
  let waiting: { readonly atMs: number; readonly resolve: () => void }[] = [];
  return {
    now: () => nowMs,
    pause: (ms) =>
      new Promise((resolve) => {
        waiting.push({ atMs: nowMs + ms, resolve });
      }),
    async run() {
      for (;;) {
        await settled();
        const first = waiting.toSorted((one, other) => one.atMs - other.atMs)[0];
        if (!first) return;
        waiting = waiting.filter((it) => it !== first);
        nowMs = first.atMs;
        first.resolve();
      }
    },
  };
}
