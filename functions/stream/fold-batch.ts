/** Applies a batch of ledger changes to the cells: plan first, then every cell on its own. */
import pLimit from 'p-limit';
import type { TallyConfig } from '../counters/define-counters.ts';
import { cellExpiry } from '../counters/total-expiry.ts';
import { type FoldedCell, type FoldPlan, type LedgerChange, planFold } from '../rules/fold.ts';
import { limits } from '../rules/limits.ts';
import { bucketStart, isBucketOver } from '../rules/presence.ts';
import { type GrowthHistory, spread } from '../rules/spreading.ts';
import { allWindowKey } from '../rules/windows.ts';
import type { CellFold, FoldOutcome, FoldStore, GrowthKey } from '../store/fold-store.ts';
import { createGrowthCache } from './growth-cache.ts';
import { createUpkeep } from './upkeep.ts';

export interface FoldContext {
  readonly store: FoldStore;
  readonly config: TallyConfig;
  readonly region: string;
  /** Epoch ms. */
  readonly now: () => number;
}

export interface FoldReport {
  /** The totals that moved, now or in an earlier delivery. */
  readonly changed: readonly FoldedCell[];
  /** How many cells were none of Tally's. */
  readonly malformed: number;
  /** What failed and can wait. */
  readonly postponed: readonly unknown[];
}

/** What became of one cell, or of the counter whose shards could not be found out. */
type Result =
  | { readonly outcome: 'folded' | 'malformed'; readonly total: FoldedCell }
  | { readonly outcome: 'failed'; readonly reason: unknown };

/** One shard of one total, and what is to be added to it. */
type Share = FoldPlan & { readonly shard: number; readonly shardCount: number };

export function createFold(context: FoldContext) {
  const { store, config, region, now } = context;
  const limit = pLimit(limits.foldConcurrency);
  const growth = createGrowthCache({ store, now });
  const upkeep = createUpkeep({ store, growth, now });

  /** Leaves out what counts in parts that are over: after a standstill there may be thousands. */
  function withoutPartsOver({ cell, entries }: FoldPlan): FoldPlan {
    const isPartOver = partsOver(config, cell.counter, now());
    return { cell, entries: entries.filter(({ part = '' }) => !isPartOver(part)) };
  }

  /**
   * @param changes of one stream shard, in its order
   * @throws AggregateError if some cell could not be updated: the others are, and the batch must be
   *   delivered again, which changes nothing where it was folded already
   */
  return async (streamShardId: string, changes: readonly LedgerChange[]): Promise<FoldReport> => {
    const postponed: unknown[] = [];
    // A retry of a change goes by this: see `isBefore` in counters/count.ts.
    const acceptedAtMs = Math.max(0, ...changes.map(({ after }) => after?.acceptedAtMs ?? 0));

    /** Folds into one cell, and makes room in it if it is full. */
    async function foldCell(fold: CellFold): Promise<FoldOutcome> {
      const outcome = await store.fold(fold);
      if (outcome.outcome === 'full') {
        await upkeep.makeRoom(fold.key, outcome);
        const second = await store.fold(fold);
        if (second.outcome === 'full') throw new Error(`a cell of ${fold.key.subject} is full`);
        return second;
      }
      return outcome;
    }

    async function foldShare(
      { cell: total, shard, shardCount, entries }: Share,
      expectsNoGrowth: boolean,
    ): Promise<Result | 'grown'> {
      const key = { ...total, region, shard };
      const expiresAt = cellExpiry(config, total);
      if (!(await growth.show(key, { shardCount, expiresAt }))) {
        return { outcome: 'malformed', total };
      }
      const nowMs = now();
      const growthKey = growthKeyOf(total, entries.at(-1)?.countsInAll ?? false);
      const outcome = await foldCell({
        key,
        streamShardId,
        entries,
        expectsNoGrowth,
        nowMs: Math.max(nowMs, acceptedAtMs),
        expiresAt,
      });
      if (outcome.outcome === 'malformed') return { outcome: 'malformed', total };
      if (shard === 0 && total.window === allWindowKey) {
        growth.learn(growthKey, outcome.growth, nowMs);
      }
      if (outcome.outcome === 'grown') return 'grown';
      const isPartOver = partsOver(config, total.counter, now());
      await upkeep
        .after(key, outcome, { growthKey, isPartOver })
        .catch((error: unknown) => postponed.push(error));
      return { outcome: 'folded', total };
    }

    const growthKeyOf = ({ subject, counter }: FoldedCell, hasAll: boolean): GrowthKey => ({
      subject,
      counter,
      region,
      hasAll,
    });

    /**
     * The first contact with a counter that has the window `all`: its history of shard counts is on
     * the cell that the batch adds to in any case, so instead of reading it, it is folded into as if
     * there were none, on the condition that there is none.
     *
     * @returns what has become of it; undefined if it must be folded like all others
     */
    async function foldUnread(plan: FoldPlan): Promise<Result | undefined> {
      const growthKey = growthKeyOf(plan.cell, true);
      if (growth.recall(growthKey) || !growth.mayBeUngrown(growthKey)) return undefined;
      const result = await settled(foldShare({ ...plan, shard: 0, shardCount: 1 }, true));
      return result === 'grown' ? undefined : result;
    }

    async function foldTotal(plan: FoldPlan): Promise<Result[]> {
      const histories = new Map<boolean, GrowthHistory>();
      for (const { countsInAll } of plan.entries) {
        if (histories.has(countsInAll)) continue;
        histories.set(countsInAll, await growth.read(growthKeyOf(plan.cell, countsInAll)));
      }
      const shares = spread(
        { streamShardId, window: plan.cell.window },
        plan.entries,
        ({ countsInAll }) => histories.get(countsInAll) ?? [],
      );
      return Promise.all(
        shares.map(async (share) => {
          const result = await settled(foldShare({ cell: plan.cell, ...share }, false));
          if (result === 'grown') throw new Error('a fold that expected nothing met a growth');
          return result;
        }),
      );
    }

    /** The cells of one counter: the window `all` first, if that tells how it is spread. */
    async function foldCounter(plans: readonly FoldPlan[]): Promise<Result[]> {
      const all = plans.find(({ cell }) => cell.window === allWindowKey);
      const first = all && (await limit(() => foldUnread(all)));
      const rest = first ? plans.filter((plan) => plan !== all) : plans;
      const results = await Promise.all(
        rest.map((plan) =>
          limit(() => foldTotal(plan)).catch((reason: unknown): Result[] => [
            { outcome: 'failed', reason },
          ]),
        ),
      );
      return [...(first ? [first] : []), ...results.flat()];
    }

    const plans = planFold(changes, region)
      .map(withoutPartsOver)
      .filter(({ entries }) => entries.length > 0);
    const counters = Map.groupBy(plans, ({ cell }) => `${cell.subject}#${cell.counter}`);
    const results = (await Promise.all([...counters.values()].map(foldCounter))).flat();

    const failures = results.flatMap((it) => (it.outcome === 'failed' ? [it.reason] : []));
    if (failures.length > 0) {
      throw new AggregateError(
        failures,
        `${failures.length} of ${results.length} cells not folded`,
      );
    }
    return {
      changed: results.flatMap((it) => (it.outcome === 'folded' ? [it.total] : [])),
      malformed: results.filter(({ outcome }) => outcome === 'malformed').length,
      postponed,
    };
  };
}

/** A failure as a result: the other cells of the batch do not wait for it. */
const settled = <T>(result: Promise<T>): Promise<T | Result> =>
  result.catch((reason: unknown) => ({ outcome: 'failed', reason }));

/** Which parts of a cell are over: buckets of viewers that are away. Choices stay. */
function partsOver(config: TallyConfig, counter: string, nowMs: number): (part: string) => boolean {
  const definition = config.counters.get(counter);
  if (definition?.kind !== 'presence') return () => false;
  return (part) => bucketStart(part) !== undefined && isBucketOver(part, nowMs, definition);
}
