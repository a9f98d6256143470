/** How the fold adds to cells. */
import type { FoldEntry } from '../rules/fold.ts';
import type { Cell, CellKey } from './cell-store.ts';

export interface CellFold {
  /** Shard 0 of the total in this region. */
  readonly key: CellKey;
  readonly streamShardId: string;
  /** In the order of the stream. */
  readonly entries: readonly FoldEntry[];
  readonly nowMs: number;
  /** When the cell is said to have changed: no earlier than any of the changes was accepted. Epoch ms. */
  readonly datedMs: number;
  /** Whether a part of the cell will never be asked for any more. */
  readonly isPartOver: (part: string) => boolean;
  /** Epoch seconds; undefined for a cell that stays. */
  readonly expiresAt: number | undefined;
}

export interface FoldStore {
  /**
   * Adds to a cell what it has not folded yet, exactly once however often it is called.
   *
   * @returns the cell after it, also if there was nothing new: the call before may have got no
   *   answer; undefined if what is there is no cell of Tally's, which nothing can be added to
   * @throws if the database does not take it; then nothing is known, and calling again is right
   */
  fold(fold: CellFold): Promise<Cell | undefined>;
}
