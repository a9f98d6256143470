/** The books that tickets are drawn from. */
import type { Entries, Position } from '../rules/book-pages.ts';

export interface BookKey {
  readonly subject: string;
  readonly counter: string;
  /** The business day, `2026-11-21`. */
  readonly day: string;
}

/** Where a book stands, and what it remembers. */
export interface Book extends Position {
  /** The number of the page that is being written, from 0. */
  readonly page: number;
  /** Epoch ms. */
  readonly pageBegunAtMs: number;
  /** How many entries the page that is being written has. */
  readonly entryCount: number;
  /** The entries of this page and of the one before it. */
  readonly entries: Entries;
  /** Epoch ms of the last change. */
  readonly updatedAtMs: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export type Fingerprint = 'ticket' | 'reset';

/** What a token was first used for, and in which book. */
export interface Claim {
  readonly fingerprint: Fingerprint;
  readonly day: string;
  /** No page before this one has an entry of the token. */
  readonly fromPage: number;
  /** What it got, if that is not in the book: where gaps are allowed. */
  readonly position?: Position;
}

export interface ClaimRequest {
  readonly book: BookKey;
  readonly token: string;
  readonly claim: Claim;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export type ClaimOutcome =
  | { readonly outcome: 'claimed' }
  /** The token was used before, for this. */
  | { readonly outcome: 'seen'; readonly claim: Claim }
  /** The database has too much to do. */
  | { readonly outcome: 'contended' };

export interface EntryRequest {
  readonly book: BookKey;
  readonly token: string;
  readonly fingerprint: Fingerprint;
  /** Which shift the book is believed to be in. */
  readonly shift: number;
  /** The token has no entry in the pages before this one. */
  readonly fromPage: number;
  /** What a shift begins with. */
  readonly firstNumber: number;
  readonly nowMs: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export type EntryOutcome =
  /** The book after it. */
  | { readonly outcome: 'entered'; readonly book: Book }
  /** Nothing was written: the book has an entry of the token, is elsewhere, or its page is full. */
  | {
      readonly outcome: 'refused';
      readonly book: Book;
      readonly earlier: Position | undefined;
    }
  /** The database has too much to do with the book, or, if `unknown`, did not say whether it was written. */
  | { readonly outcome: 'contended'; readonly unknown: boolean };

export interface TicketStore {
  readBook(book: BookKey, options: { consistent: boolean }): Promise<Book | undefined>;

  /** Remembers what a token is used for, unless it was used before. 1 write unit, safe to send again. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;

  /**
   * Gives the next number, or the next shift, to a token. The book must be at `fromPage` or the page
   * behind it, so that it would show an earlier entry of the token. One write to one item, safe to
   * send again, any number of writers at once.
   */
  enter(request: EntryRequest): Promise<EntryOutcome>;

  /**
   * What a token got in the pages that left the book.
   *
   * @param pages both included; none if `to` is before `from`
   */
  findInPages(
    book: BookKey,
    token: string,
    pages: { from: number; to: number },
  ): Promise<Position | undefined>;

  /** Begins the next page, unless somebody else did. The page before the last one leaves the book. */
  turnPage(book: BookKey, seen: Book, nowMs: number): Promise<void>;

  /**
   * Takes the next number of a book without a look at its token: 1 write unit, any number of writers
   * at once. A reply that is lost leaves a gap.
   */
  takeNumber(
    book: BookKey,
    options: { firstNumber: number; nowMs: number; expiresAt: number },
  ): Promise<Book>;
}
