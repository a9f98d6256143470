/** The cells of totals: reading them, adding to them, and what only shard 0 of a total knows. */
import type { AllowedBefore } from '../rules/bounds.ts';

/** Names one item that holds part of a total. */
export interface CellKey {
  readonly subject: string;
  /** The counter's name. */
  readonly counter: string;
  readonly region: string;
  readonly shard: number;
  readonly window: string;
}

export interface Cell {
  /** Exact: a DynamoDB number has 38 digits, more than a JavaScript number. */
  readonly count: bigint;
  /** What each choice of a reaction, or each bucket of viewers, counts. */
  readonly parts: ReadonlyMap<string, bigint>;
  /** How much resets have subtracted from the count. */
  readonly resetAway: bigint;
  /** How often sets and resets have changed it; only shard 0 knows. */
  readonly sets: number;
  /** How often the number was changed. */
  readonly version: number;
  /** Epoch ms of the last change; null if nothing was ever added. */
  readonly updatedAtMs: number | null;
  /** Cells of this total in this region; only shard 0 knows. */
  readonly shardCount: number;
  /** Epoch seconds; undefined for a cell that stays. */
  readonly expiresAt: number | undefined;
}

/** A change without an idempotency key. */
export interface CellChange {
  readonly key: CellKey;
  readonly amount: number;
  /** Keys of the other windows that it belongs to. */
  readonly otherWindows: readonly string[];
  readonly nowMs: number;
  /** Epoch seconds; undefined for a cell that stays. */
  readonly expiresAt: number | undefined;
  /** Only change the cell if its count is in here, and if it is the only cell of its total. */
  readonly allowed: AllowedBefore;
}

export type AddOutcome =
  | { readonly outcome: 'added'; readonly cell: Cell }
  | { readonly outcome: 'out_of_bounds'; readonly cell: Cell }
  /** Over the rate of the cell; nothing was written. */
  | { readonly outcome: 'throttled' };

/** @throws (all methods) StoreUnavailableError; those that write also OutcomeUnknownError */
export interface CellStore {
  /**
   * Reads cells; one that does not exist is undefined, in its place.
   * @param options.consistent read what was last written in this region, for twice the price
   */
  readCells(
    keys: readonly CellKey[],
    options: { consistent: boolean },
  ): Promise<(Cell | undefined)[]>;

  /** One plain ADD: 1 write unit, not idempotent, so it is sent once. */
  add(change: CellChange): Promise<AddOutcome>;

  /**
   * Spreads a total over more cells, if it still has as many as the caller assumed.
   * @param key its shard 0
   * @returns how many it has now
   */
  growShards(
    key: CellKey,
    change: { from: number; to: number; expiresAt: number | undefined },
  ): Promise<number>;
}
