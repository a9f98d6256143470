/**
 * The rule under test, in parts, so that a mutation can replace each. `callsOf` is the loop of
 * `dynamo-fold-store.ts` on a cell in memory: the same beliefs, the same conditions, one call at a
 * time, so that calls of several functions can come in any order.
 */
import {
  type FoldEntry,
  type FoldPlan,
  type LedgerChange,
  planFold,
} from '../../../functions/rules/fold.ts';
import { toWatermark, unfolded } from '../../../functions/rules/watermarks.ts';

export interface FoldRule {
  plan(changes: readonly LedgerChange[], region: string): readonly FoldPlan[];
  /** Under which name a cell keeps the watermark of a stream shard. */
  watermarkName(streamShard: string): string;
  /** The condition of the first call, which knows nothing of the cell. */
  takesUnseen(watermark: string | undefined, entries: readonly FoldEntry[]): boolean;
  /** The condition of the calls after a failed one, which returned the watermark. */
  takesSeen(watermark: string | undefined, believed: string | undefined): boolean;
  unfolded(entries: readonly FoldEntry[], watermark: string | undefined): readonly FoldEntry[];
  watermarkAfter(entries: readonly FoldEntry[]): string;
}

export const shippedRule: FoldRule = {
  plan: planFold,
  watermarkName: (streamShard) => streamShard,
  takesUnseen: (watermark, entries) =>
    watermark === undefined || watermark < toWatermark(entries[0]?.sequence ?? '0'),
  takesSeen: (watermark, believed) => watermark === believed,
  unfolded,
  watermarkAfter: (entries) => toWatermark(entries.at(-1)?.sequence ?? '0'),
};

export interface ModelCell {
  /** By part; '' for what is counted in no part. */
  readonly counts: Map<string, number>;
  updatedAt: number | undefined;
  readonly watermarks: Map<string, string>;
}

export interface ModelFold {
  /** The cell as it is at the time of a call. */
  readonly cell: () => ModelCell;
  readonly streamShard: string;
  readonly entries: readonly FoldEntry[];
  readonly now: number;
}

/** Each `next` is one call to the database. */
export type CellCalls = Generator<void, void>;

export function* callsOf(rule: FoldRule, fold: ModelFold): CellCalls {
  const mark = rule.watermarkName(fold.streamShard);
  let { entries, now } = fold;
  let belief: { watermark: string | undefined } | 'unknown' = 'unknown';
  while (entries.length > 0) {
    const cell = fold.cell();
    const watermark = cell.watermarks.get(mark);
    const isUnmoved =
      belief === 'unknown'
        ? rule.takesUnseen(watermark, entries)
        : rule.takesSeen(watermark, belief.watermark);
    if (isUnmoved && (cell.updatedAt === undefined || cell.updatedAt < now)) {
      for (const { part = '', amount } of entries) {
        cell.counts.set(part, (cell.counts.get(part) ?? 0) + amount);
      }
      cell.updatedAt = now;
      cell.watermarks.set(mark, rule.watermarkAfter(entries));
      return;
    }
    belief = { watermark };
    entries = rule.unfolded(fold.entries, watermark);
    now = Math.max(fold.now, (cell.updatedAt ?? 0) + 1);
    yield;
  }
}
