/** What registers may ask of the database: each is one call for one item. */
import type { AllowedBefore } from '../rules/bounds.ts';
import type { Entries, Register, Turn } from '../rules/register.ts';
import type { Token } from '../rules/senders.ts';
import type { Cell, CellKey } from './cell-store.ts';

/** Names a book of tickets. */
export interface BookKey {
  readonly subject: string;
  readonly counter: string;
  /** The business day, `2026-11-21`. */
  readonly day: string;
}

/** Where a register lives: the cell of a count, or a book of tickets. */
export type RegisterKey = CellKey | BookKey;

/** An idempotency key, on what it is used for. */
export interface TokenKey {
  readonly subject: string;
  readonly counter: string;
  readonly token: Token;
}

/** Names an entry: a token that was claimed anew has another one. */
export interface EntryKey extends TokenKey {
  readonly claimedAtMs: number;
}

/** What is common to both forms of a token: the one that was put first stays. */
interface AcceptedToken {
  /** What the caller asked for; the same token must always ask for the same. */
  readonly fingerprint: string;
  readonly region: string;
  /** Keys of the windows that it belongs to, the shown one first. */
  readonly windows: readonly string[];
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** A token that a register counts. */
export interface Claim extends AcceptedToken {
  readonly form: 'claim';
  /** Epoch ms. */
  readonly claimedAtMs: number;
  /** The shard of the cell that is its register. */
  readonly shard: number;
}

/** A token that the fold counts. */
export interface Fact extends AcceptedToken {
  readonly form: 'fact';
  readonly amount: number;
  /** Epoch ms. */
  readonly acceptedAtMs: number;
}

export type TokenForm = Claim | Fact;

export type PutOutcome =
  | {
      readonly outcome: 'put';
      /** Whether that is sure. If the reply was lost, another request may have put the very same. */
      readonly isSure: boolean;
    }
  /** It was there, in this form. */
  | { readonly outcome: 'seen'; readonly form: TokenForm };

/** What an entry does to its register. */
export interface RegisterChange {
  /** Either is added to the number, or to what it starts at; or the number becomes `to`. */
  readonly number: { readonly add: bigint; readonly startsAt: bigint } | { readonly to: bigint };
  /** Whether it is a change of a cell, which has a version. */
  readonly isCell: boolean;
  /** Whether it is a direct change, which the fold brings to the other windows. */
  readonly isDirect: boolean;
  /** What the token gets; or the number after the change. */
  readonly got: number | 'number';
  /** Only if the number before is within. */
  readonly allowed: AllowedBefore;
  /** Whether an absent number counts as within. */
  readonly allowsAbsent: boolean;
  /** Only if it is the one cell of its total. */
  readonly onlyCell: boolean;
  /** How much of what is added a set or reset subtracts, the other way round; undefined for others. */
  readonly resetAway: bigint | undefined;
  /** Only if there were so many sets and resets before; undefined for any. */
  readonly setsBefore: number | undefined;
  /** The other windows that a direct change belongs to. */
  readonly otherWindows: readonly string[];
  readonly nowMs: number;
  /** Epoch seconds; undefined for a register that stays. */
  readonly expiresAt: number | undefined;
}

/** A register as its item shows it, with the rest of what the item says. */
export interface RegisterItem extends Register {
  readonly cell: Cell;
}

export type EnterOutcome =
  /** The item after it. */
  | { readonly outcome: 'entered'; readonly register: RegisterItem }
  /** A condition did not hold; nothing was written. The item as it is. */
  | { readonly outcome: 'refused'; readonly register: RegisterItem }
  /** Over the rate of the item; nothing was written. */
  | { readonly outcome: 'throttled' }
  /** It may have happened or not, or may still happen. */
  | { readonly outcome: 'unanswered' };

export interface RegisterStore {
  /** The name that the entry of a token's claim has. */
  entryName(key: EntryKey): string;

  /**
   * Puts a token in one of its forms, unless it is there. An expired one counts as absent.
   *
   * @param nowMs decides what has expired
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  put(key: TokenKey, form: TokenForm, nowMs: number): Promise<PutOutcome>;

  /** Reads a register; one that is not there is empty. @throws StoreUnavailableError */
  read(key: RegisterKey, options: { consistent: boolean }): Promise<RegisterItem>;

  /**
   * Counts and remembers, unless the entry is there or the cut-off is later than its claim. Sent
   * once.
   *
   * @throws StoreUnavailableError if it was not sent
   */
  enter(key: RegisterKey, entry: EntryKey, change: RegisterChange): Promise<EnterOutcome>;

  /** Bars a claim for good, on the same conditions as `enter`, and changes nothing else. */
  bar(key: RegisterKey, entry: EntryKey, expiresAt: number | undefined): Promise<EnterOutcome>;

  /** The first page of a register after a time: its name is a later cut-off. Read strongly. */
  pageAfter(key: RegisterKey, claimedAtMs: number): Promise<Entries | undefined>;

  /**
   * Claims a token anew, or prolongs its claim where `to` is `from`.
   *
   * @param move.use what it is used for from now on, if that is something else
   * @returns whether that was still its claim
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  moveClaim(
    key: TokenKey,
    move: {
      readonly from: number;
      readonly to: number;
      readonly use?: Pick<Claim, 'fingerprint' | 'windows' | 'shard'>;
      readonly expiresAt: number;
    },
  ): Promise<boolean>;

  /** @param expiresAt epoch seconds */
  putPage(key: RegisterKey, turn: Turn, expiresAt: number): Promise<void>;

  /** Moves the cut-off and takes out the entries that leave, unless somebody else did. */
  cut(key: RegisterKey, turn: Turn): Promise<void>;
}
