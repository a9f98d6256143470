/**
 * What is done for a cell after a fold, and never makes the fold fail: marks and buckets of viewers
 * that nothing will ask for any more are taken out, and a counter whose cells hold too many marks
 * spreads over more shards.
 */
import { limits } from '../rules/limits.ts';
import { staleMarks } from '../rules/marks.ts';
import { grownHistory } from '../rules/spreading.ts';
import type { CellKey } from '../store/cell-store.ts';
import type { CellState, FoldStore, GrowthKey } from '../store/fold-store.ts';
import type { GrowthCache } from './growth-cache.ts';

export interface Upkeep {
  /** @throws if the database does not take it; it can wait for the next fold */
  after(
    key: CellKey,
    state: CellState,
    request: { growthKey: GrowthKey; isPartOver: (part: string) => boolean },
  ): Promise<void>;
  /** Makes room in a cell that is full. @throws if there is nothing that could go */
  makeRoom(key: CellKey, state: CellState): Promise<void>;
}

export function createUpkeep({
  store,
  growth,
  now,
}: {
  store: FoldStore;
  growth: GrowthCache;
  now: () => number;
}): Upkeep {
  let failedBatch: { readonly isThere: boolean; readonly readAtMs: number } | undefined;

  /** While a batch lies in the failure bucket, its marks keep it from being counted twice later. */
  async function keepsAllMarks(): Promise<boolean> {
    const nowMs = now();
    if (!failedBatch || nowMs - failedBatch.readAtMs >= limits.failedBatchCacheMs) {
      failedBatch = { isThere: await store.hasFailedBatch(), readAtMs: nowMs };
    }
    return failedBatch.isThere;
  }

  return {
    async after(key, state, { growthKey, isPartOver }) {
      const { marks, parts } = stalePieces(state, { isPartOver, nowMs: now() });
      const goingMarks = marks.length > 0 && !(await keepsAllMarks()) ? marks : [];
      if (goingMarks.length + parts.length > 0)
        await store.prune(key, { marks: goingMarks, parts });

      const history = growth.recall(growthKey);
      const nowMs = now();
      const next =
        history && grownHistory(history, { marks: state.marks, window: key.window, nowMs });
      if (!next) return;
      growth.learn(growthKey, await store.grow(growthKey, { seen: history, next, nowMs }), nowMs);
    },

    async makeRoom(key, { marks, mark }) {
      const stale = staleMarks(marks, { current: mark, nowMs: now() });
      if (stale.length === 0 || (await keepsAllMarks())) {
        throw new Error(`a cell of ${key.subject} is full`);
      }
      await store.prune(key, { marks: stale, parts: [] });
    },
  };
}

/**
 * What is worth a write of its own. Marks that fit into the cell's first kilobyte cost nothing, so
 * they stay until it is full.
 */
function stalePieces(
  { marks, mark, cell }: CellState,
  { isPartOver, nowMs }: { isPartOver: (part: string) => boolean; nowMs: number },
): { marks: string[]; parts: string[] } {
  const stale = staleMarks(marks, { current: mark, nowMs });
  const isNearlyFull = marks.length > limits.marksOfCell - limits.staleMarks;
  const over = [...cell.parts.keys()].filter(isPartOver);
  return {
    marks: isNearlyFull && stale.length >= limits.staleMarks ? stale : [],
    parts: over.length >= limits.bucketsOver ? over : [],
  };
}
