/** Applies a batch of ledger changes to the cells: plan first, then every cell on its own. */
import pLimit from 'p-limit';
import type { TallyConfig } from '../counters/define-counters.ts';
import { type FoldedCell, type FoldPlan, type LedgerChange, planFold } from '../rules/fold.ts';
import { limits } from '../rules/limits.ts';
import { windowExpiry } from '../rules/windows.ts';
import type { Cell } from '../store/counter-store.ts';
import type { FoldStore } from '../store/fold-store.ts';

export interface FoldContext {
  readonly store: FoldStore;
  readonly config: TallyConfig;
  readonly region: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** A cell that has moved, as it is now. */
export interface ChangedCell extends FoldedCell {
  readonly cell: Cell;
}

/**
 * @param changes of one stream shard, in its order
 * @returns the cells that moved, now or in an earlier delivery
 * @throws AggregateError if some cell could not be updated: the others are, and the batch must be
 *   delivered again, which changes nothing where it was folded already
 */
export async function foldBatch(
  { store, config, region, now, random }: FoldContext,
  streamShardId: string,
  changes: readonly LedgerChange[],
): Promise<ChangedCell[]> {
  const limit = pLimit(limits.foldConcurrency);

  async function foldCell({ cell: name, entries }: FoldPlan): Promise<ChangedCell> {
    const cell = await store.fold({
      key: { ...name, region, shard: 0 },
      streamShardId,
      entries,
      nowMs: now(),
      expiresAt: windowExpiry({
        window: name.window,
        keepDays: keepDaysOf(config, name.series),
        jitter: random(),
      }),
    });
    return { ...name, cell };
  }

  const plans = planFold(changes, region);
  const results = await Promise.allSettled(plans.map((plan) => limit(() => foldCell(plan))));
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  if (failures.length > 0) {
    throw new AggregateError(failures, `${failures.length} of ${plans.length} cells not folded`);
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** A counter that has left the configuration keeps what it has as long as is usual. */
function keepDaysOf(config: TallyConfig, series: string) {
  const definition = config.counters.get(series);
  return definition && 'keepDays' in definition ? definition.keepDays : limits.keepDays;
}
