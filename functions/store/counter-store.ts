/**
 * What the rest of Tally may ask of the database, in Tally's words. Expected outcomes are values;
 * a database that cannot be reached, or left it open whether a write happened, throws.
 */

import type { AllowedBefore } from '../rules/bounds.ts';
import type { Calendar } from '../rules/calendar.ts';

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
  /** What resets have taken away from the count. */
  readonly resetAway: bigint;
  /** Epoch ms of the last change; null if nothing was ever added. */
  readonly updatedAtMs: number | null;
  /** Cells of this total in this region; only shard 0 knows. */
  readonly shardCount: number;
  /** Epoch ms until which somebody listens; 0 if nobody did. Only shard 0 knows. */
  readonly watchedUntilMs: number;
  /** Epoch seconds; undefined for a cell that stays. */
  readonly expiresAt: number | undefined;
}

export interface CellChange {
  readonly key: CellKey;
  /** Of a reset, it may be more than a number can hold. */
  readonly amount: number | bigint;
  readonly nowMs: number;
  /** Epoch seconds; undefined for a cell that stays. */
  readonly expiresAt: number | undefined;
  /** What of the amount is a reset, the other way round; 0 for any other change. */
  readonly resetAway: bigint;
  /** Only change the cell if resets have taken this much away so far; undefined for any. */
  readonly resetAwayBefore: bigint | undefined;
  /** Only change the cell if its count is in here, and if it is the only cell of its total. */
  readonly allowed: AllowedBefore;
}

/** One accepted change, stored under its caller's token. */
export interface Token {
  readonly subject: string;
  readonly counter: string;
  readonly token: string;
  readonly amount: number | bigint;
  /** What the caller asked for; the same token must always ask for the same. */
  readonly fingerprint: string;
  readonly region: string;
  /** Keys of the windows the change belongs to, the shown one first. */
  readonly windows: readonly string[];
  /** Epoch ms. */
  readonly acceptedAtMs: number;
  readonly expiresAt: number;
}

/** What is known of a token that was there before. */
export interface SeenToken {
  readonly fingerprint: string;
  /** Whether the shown window was changed in the same transaction. */
  readonly applied: boolean;
  /** Epoch ms. */
  readonly acceptedAtMs: number;
}

/** Nothing was written; if `unknown`, by the last attempt: an earlier one got no answer. */
interface Unwritten<Outcome extends string> {
  readonly outcome: Outcome;
  readonly unknown: boolean;
}

export type AddOutcome =
  | { readonly outcome: 'added'; readonly cell: Cell }
  | { readonly outcome: 'out_of_bounds'; readonly cell: Cell }
  /** Another writer was at the cell, or it is over its rate. */
  | Unwritten<'contended'>;

export type TokenOutcome =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'seen'; readonly seen: SeenToken }
  /** Another request with the same token was at it. */
  | Unwritten<'token_in_use'>;

/** What a subject has of its own. */
export type SubjectSettings = Calendar;

export interface CounterStore {
  /**
   * Reads cells; one that does not exist is undefined, in its place.
   * @param consistent read what was last written in this region, for twice the price
   */
  readCells(
    keys: readonly CellKey[],
    options: { consistent: boolean },
  ): Promise<(Cell | undefined)[]>;

  /** One plain ADD: 1 write unit, not idempotent, so it is sent once. @throws OutcomeUnknownError */
  add(change: CellChange): Promise<AddOutcome>;

  /** The token and the cell in one transaction: 4 write units, safe to send again. */
  addWithToken(
    change: CellChange,
    token: Token,
  ): Promise<TokenOutcome | Exclude<AddOutcome, { outcome: 'added' }>>;

  /** The token alone: 1 write unit, safe to send again; the fold adds it to its cells. */
  defer(token: Token): Promise<TokenOutcome>;

  /**
   * Makes a total spread over more cells, if it still has as many as the caller believed.
   * @param key its shard 0
   * @returns how many it has now
   */
  growShards(
    key: CellKey,
    change: { from: number; to: number; expiresAt: number | undefined },
  ): Promise<number>;

  /**
   * Marks a total as listened to, so that its changes are published.
   * @param key its shard 0
   */
  watch(key: CellKey, change: { untilMs: number; expiresAt: number | undefined }): Promise<void>;

  /** The settings of a subject; undefined if it has none. */
  readSettings(subject: string): Promise<SubjectSettings | undefined>;
  writeSettings(subject: string, settings: SubjectSettings): Promise<void>;

  /** 32 random bytes that this deployment shares among its functions; made on first use. */
  secret(): Promise<Buffer>;

  /** Resolves if the table can be read. @throws StoreUnavailableError */
  checkReachable(): Promise<void>;
}

/** The database did not answer, or refused; nothing was written. Try again later. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** A write that cannot be repeated got no answer: it may have happened or not. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}
