/** How a change of a count is written: to a cell, with its token or without, or into the ledger. */
import type { AllowedBefore } from '../rules/bounds.ts';
import type { Cell, CellKey } from './cell-store.ts';

export interface CellChange {
  readonly key: CellKey;
  /** A reset may subtract more than a JavaScript number can hold. */
  readonly amount: number | bigint;
  readonly nowMs: number;
  /** Epoch seconds; undefined for a cell that stays. */
  readonly expiresAt: number | undefined;
  /** How much of the amount a reset subtracts, as a positive number; 0 for any other change. */
  readonly resetAway: bigint;
  /** Only change the cell if resets have subtracted this much so far; undefined for any. */
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
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** What a token that was there before says. */
export interface SeenToken {
  readonly fingerprint: string;
  /** Whether the shown window was changed in the same transaction. */
  readonly applied: boolean;
  /** Keys of the windows it was counted in, the one shown then first. */
  readonly windows: readonly string[];
  /** Epoch ms. */
  readonly acceptedAtMs: number;
}

/**
 * The last attempt wrote nothing. If `unknown`, an earlier attempt got no answer and may have written.
 */
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

/** @throws (all methods) OutcomeUnknownError, StoreUnavailableError */
export interface ChangeStore {
  /** One plain ADD: 1 write unit, not idempotent, so it is sent once. */
  add(change: CellChange): Promise<AddOutcome>;

  /** The token and the cell in one transaction: 4 write units, safe to send again. */
  addWithToken(
    change: CellChange,
    token: Token,
  ): Promise<TokenOutcome | Exclude<AddOutcome, { outcome: 'added' }>>;

  /** The token alone: 1 write unit, safe to send again; the fold adds it to its cells. */
  defer(token: Token): Promise<TokenOutcome>;
}
