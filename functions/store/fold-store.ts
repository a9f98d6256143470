/** What the fold may ask of the database. */
import type { FoldEntry } from '../rules/fold.ts';
import type { GrowthHistory } from '../rules/spreading.ts';
import type { Cell, CellKey } from './cell-store.ts';

export interface CellFold {
  readonly key: CellKey;
  readonly streamShardId: string;
  /** In the order of the stream. */
  readonly entries: readonly FoldEntry[];
  /**
   * Only if the cell says nothing of a growth: it goes here because its counter is believed to have
   * never grown, and it is the cell that would know.
   */
  readonly expectsNoGrowth: boolean;
  readonly nowMs: number;
  /** Epoch seconds; undefined for a cell that stays. */
  readonly expiresAt: number | undefined;
}

/** A cell after a fold. */
export interface CellState {
  readonly cell: Cell;
  /** The names of all its marks, and which of them the fold has moved. */
  readonly marks: readonly string[];
  readonly mark: string;
  /** The history of shard counts that it holds, which only shard 0 of the window `all` does. */
  readonly growth: GrowthHistory;
}

export type FoldOutcome =
  /** Also if there was nothing new: the call before may have got no answer. */
  | ({ readonly outcome: 'folded' } & CellState)
  /** It expected no growth, and there was one. */
  | ({ readonly outcome: 'grown' } & CellState)
  /** The cell is as large as an item may be. */
  | ({ readonly outcome: 'full' } & CellState)
  /** What is there is not a cell of Tally's; nothing can be added to it. */
  | { readonly outcome: 'malformed' };

/** Names the history of shard counts of a counter in a region. */
export interface GrowthKey {
  readonly subject: string;
  readonly counter: string;
  readonly region: string;
  /** Whether the counter has the window `all`: the history is on its shard 0 then. */
  readonly hasAll: boolean;
}

export interface FoldStore {
  /**
   * Adds to a cell what it has not folded yet, exactly once however often it is called.
   *
   * @throws if the database does not take it; then nothing is known, and calling again is right
   */
  fold(fold: CellFold): Promise<FoldOutcome>;

  /** Takes marks and parts out of a cell that nothing will ask for any more. */
  prune(
    key: CellKey,
    stale: { readonly marks: readonly string[]; readonly parts: readonly string[] },
  ): Promise<void>;

  /**
   * Reads a history of shard counts as it is now, and keeps it from expiring while it is used.
   * @throws if it cannot be read or kept
   */
  readGrowth(key: GrowthKey, nowMs: number): Promise<GrowthHistory>;

  /** Writes a history, if it is still the one seen. @returns the one that is there afterwards */
  grow(
    key: GrowthKey,
    change: { seen: GrowthHistory; next: GrowthHistory; nowMs: number },
  ): Promise<GrowthHistory>;

  /**
   * Makes readers sum at least so many shards of a total.
   *
   * @param key its shard 0
   * @returns how many they sum now; undefined if what is there is not a cell of Tally's
   */
  raiseShardCount(
    key: CellKey,
    change: { to: number; expiresAt: number | undefined },
  ): Promise<number | undefined>;

  /** Whether a batch that could not be folded waits in the failure bucket. */
  hasFailedBatch(): Promise<boolean>;
}
