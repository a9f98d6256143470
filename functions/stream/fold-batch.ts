/** Applies a batch of ledger changes to the cells: plan first, then every cell on its own. */
import pLimit from 'p-limit';
import type { TallyConfig } from '../counters/define-counters.ts';
import { cellExpiry } from '../counters/total-expiry.ts';
import { type FoldedCell, type FoldPlan, type LedgerChange, planFold } from '../rules/fold.ts';
import { limits } from '../rules/limits.ts';
import { bucketStart, isBucketOver } from '../rules/presence.ts';
import type { Cell } from '../store/cell-store.ts';
import type { FoldStore } from '../store/fold-store.ts';

export interface FoldContext {
  readonly store: FoldStore;
  readonly config: TallyConfig;
  readonly region: string;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A cell that has moved, as it is now. */
export interface ChangedCell extends FoldedCell {
  readonly cell: Cell;
}

/**
 * @param changes of one stream shard, in its order
 * @returns the cells that moved, now or in an earlier delivery, and how many were no cells of Tally's
 * @throws AggregateError if some cell could not be updated: the others are, and the batch must be
 *   delivered again, which changes nothing where it was folded already
 */
export async function foldBatch(
  { store, config, region, now }: FoldContext,
  streamShardId: string,
  changes: readonly LedgerChange[],
): Promise<{ changed: ChangedCell[]; malformed: number }> {
  const limit = pLimit(limits.foldConcurrency);

  /** Leaves out what counts in parts that are over: after a standstill there may be thousands. */
  function withoutPartsOver({ cell, entries }: FoldPlan): FoldPlan {
    const isPartOver = partsOver(config, cell.counter, now());
    return { cell, entries: entries.filter(({ part = '' }) => !isPartOver(part)) };
  }

  // A retry of a change goes by this: see `isBefore` in counters/count.ts.
  const datedMs = Math.max(now(), ...changes.map(({ after }) => after?.acceptedAtMs ?? 0));

  async function foldCell({ cell: name, entries }: FoldPlan): Promise<ChangedCell | undefined> {
    const cell = await store.fold({
      key: { ...name, region, shard: 0 },
      streamShardId,
      entries,
      nowMs: now(),
      datedMs,
      isPartOver: partsOver(config, name.counter, now()),
      expiresAt: cellExpiry(config, name),
    });
    return cell && { ...name, cell };
  }

  const plans = planFold(changes, region)
    .map(withoutPartsOver)
    .filter(({ entries }) => entries.length > 0);
  const results = await Promise.allSettled(plans.map((plan) => limit(() => foldCell(plan))));
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  if (failures.length > 0) {
    throw new AggregateError(failures, `${failures.length} of ${plans.length} cells not folded`);
  }
  const changed = results.flatMap((result) =>
    result.status === 'fulfilled' && result.value ? [result.value] : [],
  );
  return { changed, malformed: plans.length - changed.length };
}

/** Which parts of a cell are over: buckets of viewers that are away. Choices stay. */
function partsOver(config: TallyConfig, counter: string, nowMs: number): (part: string) => boolean {
  const definition = config.counters.get(counter);
  if (definition?.kind !== 'presence') return () => false;
  return (part) => bucketStart(part) !== undefined && isBucketOver(part, nowMs, definition);
}
