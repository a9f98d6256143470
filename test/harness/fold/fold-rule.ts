/**
 * The rule under test, in parts, so that a mutation can replace each. `cellCalls` is the loop of
 * `dynamo-fold-store.ts` on a cell in memory, and `counterCalls` that of `fold-batch.ts`: the same
 * assumptions, the same conditions, one call at a time, so that calls of several functions can come in
 * any order.
 */
import {
  type FoldEntry,
  type FoldPlan,
  type LedgerChange,
  planFold,
} from '../../../functions/rules/fold.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { markName, staleMarks, toMark, unfolded } from '../../../functions/rules/marks.ts';
import { type GrowthHistory, spread } from '../../../functions/rules/spreading.ts';
import { allWindowKey } from '../../../functions/rules/windows.ts';

export interface FoldRule {
  plan(changes: readonly LedgerChange[], region: string): readonly FoldPlan[];
  /** Under which name a cell keeps the mark of a stream shard. */
  markName(streamShard: string): string;
  /** The condition of the first call, which knows nothing of the cell. */
  takesUnseen(mark: Uint8Array | undefined, entries: readonly FoldEntry[]): boolean;
  /** The condition of the calls after a failed one, which returned the mark. */
  takesSeen(mark: Uint8Array | undefined, seen: Uint8Array | undefined): boolean;
  unfolded(entries: readonly FoldEntry[], mark: Uint8Array | undefined): readonly FoldEntry[];
  markAfter(entries: readonly FoldEntry[]): Uint8Array;
  /** Which marks a fold takes out of its cell. */
  staleMarks: typeof staleMarks;
  spread: typeof spread;
  /** The condition of a call that expects its counter not to have grown. */
  takesUngrown(history: GrowthHistory): boolean;
  /** For how long a function remembers a history. */
  readonly growthCacheMs: number;
  /** What of a history is stored with a growth. */
  grown(history: GrowthHistory, growth: GrowthHistory[number]): GrowthHistory;
}

export const shippedRule: FoldRule = {
  plan: planFold,
  markName,
  takesUnseen: (mark, entries) => mark === undefined || isBelow(mark, firstMark(entries)),
  takesSeen: (mark, seen) => Buffer.compare(mark ?? Buffer.of(), seen ?? Buffer.of()) === 0,
  unfolded,
  markAfter: (entries) => toMark(entries.at(-1)?.sequence ?? '0'),
  staleMarks,
  spread,
  takesUngrown: (history) => history.length === 0,
  growthCacheMs: limits.growthCacheMs,
  grown: (history, growth) => [...history, growth],
};

export const firstMark = (entries: readonly FoldEntry[]): Uint8Array =>
  toMark(entries[0]?.sequence ?? '0');

export const isBelow = (mark: Uint8Array, other: Uint8Array): boolean =>
  Buffer.compare(mark, other) < 0;

export interface ModelCell {
  /** By part; '' for what is counted in no part. */
  readonly counts: Map<string, number>;
  readonly marks: Map<string, Uint8Array>;
}

/** The histories of a counter: by where they are. */
export type Histories = Map<boolean, GrowthHistory>;

/** What a function remembers of histories, by counter and place. */
export type GrowthMemory = Map<string, { history: GrowthHistory; readAtMs: number }>;

export interface ModelFold {
  readonly streamShard: string;
  /** What a batch adds to the totals of one counter. */
  readonly plans: readonly FoldPlan[];
  /** The cells and histories as they are at the time of a call. */
  readonly cell: (window: string, shard: number) => ModelCell;
  readonly histories: () => Histories;
  readonly memory: GrowthMemory;
  /** Epoch ms by the clock of the function. */
  readonly now: () => number;
}

/** Each `next` is one call to the database. */
export type Calls = Generator<void, unknown>;

/** @param start what goes on at the same time from then on: the cells, each for itself */
export function* counterCalls(
  rule: FoldRule,
  fold: ModelFold,
  start: (calls: Calls) => void,
): Generator<void, void> {
  const { plans, memory, now } = fold;
  const nameOf = (countsInAll: boolean) =>
    `${plans[0]?.cell.subject}#${plans[0]?.cell.counter}#${countsInAll}`;
  const recall = (countsInAll: boolean) => {
    const known = memory.get(nameOf(countsInAll));
    return known && now() - known.readAtMs < rule.growthCacheMs ? known.history : undefined;
  };
  const learn = (countsInAll: boolean, history: GrowthHistory) => {
    memory.set(nameOf(countsInAll), { history, readAtMs: now() });
    return history;
  };

  const all = plans.find(({ cell }) => cell.window === allWindowKey);
  let isFolded = false;
  if (all && !recall(true)) {
    isFolded = yield* cellCalls(rule, { ...fold, shard: 0, plan: all, expectsNoGrowth: true });
    learn(true, fold.histories().get(true) ?? []);
  }
  for (const plan of isFolded ? plans.filter((it) => it !== all) : plans) {
    const read = new Map<boolean, GrowthHistory>();
    for (const { countsInAll } of plan.entries) {
      if (read.has(countsInAll)) continue;
      const known = recall(countsInAll);
      if (!known) yield;
      read.set(countsInAll, known ?? learn(countsInAll, fold.histories().get(countsInAll) ?? []));
    }
    const where = { streamShardId: fold.streamShard, window: plan.cell.window };
    const shares = rule.spread(where, plan.entries, (it) => read.get(it.countsInAll) ?? []);
    for (const { shard, entries } of shares) {
      const share = { ...fold, shard, plan: { ...plan, entries }, expectsNoGrowth: false };
      start(cellCalls(rule, share));
    }
  }
}

interface ModelShare extends ModelFold {
  readonly shard: number;
  readonly plan: FoldPlan;
  readonly expectsNoGrowth: boolean;
}

/** @returns whether it is folded; not if the counter has grown unexpectedly */
function* cellCalls(rule: FoldRule, share: ModelShare): Generator<void, boolean> {
  const { plan, shard, expectsNoGrowth, now } = share;
  const name = rule.markName(share.streamShard);
  let entries: readonly FoldEntry[] = plan.entries;
  let seen: { mark: Uint8Array | undefined } | 'unseen' = 'unseen';
  while (entries.length > 0) {
    const cell = share.cell(plan.cell.window, shard);
    const mark = cell.marks.get(name);
    const isUnmoved =
      seen === 'unseen' ? rule.takesUnseen(mark, entries) : rule.takesSeen(mark, seen.mark);
    const isUngrown = !expectsNoGrowth || rule.takesUngrown(share.histories().get(true) ?? []);
    if (isUnmoved && isUngrown) {
      for (const { part = '', amount } of entries) {
        cell.counts.set(part, (cell.counts.get(part) ?? 0) + amount);
      }
      cell.marks.set(name, rule.markAfter(entries));
      const stale = rule.staleMarks([...cell.marks.keys()], { current: name, nowMs: now() });
      for (const it of stale) cell.marks.delete(it);
      return true;
    }
    if (!isUngrown) return false;
    seen = { mark };
    entries = rule.unfolded(plan.entries, mark);
    yield;
  }
  return true;
}
