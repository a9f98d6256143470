/** What tickets may ask of the database. */

export interface BookKey {
  readonly subject: string;
  readonly counter: string;
  /** The business day, `2026-11-21`. */
  readonly day: string;
}

/** Where a book stands: the last number it gave out, and in which shift. */
export interface BookState {
  readonly number: number;
  readonly shift: number;
  /** Epoch ms of the last change; null for a book that is not there yet. */
  readonly updatedAtMs: number | null;
}

/** A number that was given out, or a reset: what a token stands for. */
export interface Issue {
  readonly fingerprint: 'ticket' | 'reset';
  readonly number: number;
  readonly shift: number;
  readonly day: string;
}

export interface IssueRequest {
  readonly book: BookKey;
  readonly token: string;
  readonly issue: Issue;
  readonly nowMs: number;
  /** Epoch seconds. */
  readonly bookExpiresAt: number;
  readonly tokenExpiresAt: number;
}

export type IssueOutcome =
  | { readonly outcome: 'issued' }
  /** The token was used before, for this. */
  | { readonly outcome: 'seen'; readonly issue: Issue }
  /** The book does not stand where it was believed to; nothing was written. */
  | { readonly outcome: 'moved'; readonly state: BookState | undefined }
  /**
   * Another writer was at the book; nothing was written. `unsure`: unless by an earlier attempt of
   * the same call that got no answer.
   */
  | { readonly outcome: 'contended'; readonly unsure: boolean };

export interface TicketStore {
  readBook(book: BookKey, options: { consistent: boolean }): Promise<BookState | undefined>;

  /**
   * Moves a book from one state to the next and remembers for which token, in one transaction: 4
   * write units, safe to send again.
   *
   * @param from what the book is believed to be; undefined for one that is not there yet
   */
  issue(request: IssueRequest, from: BookState | undefined): Promise<IssueOutcome>;

  /**
   * Takes the next number of a book without a look at its token: 1 write unit, any number of writers
   * at once. A reply that is lost leaves a gap.
   *
   * @param firstNumber what a book that is not there yet begins with
   */
  takeNumber(
    book: BookKey,
    options: { firstNumber: number; nowMs: number; expiresAt: number },
  ): Promise<BookState>;

  /** Remembers which number a token got, unless it has one already. */
  rememberIssue(request: IssueRequest): Promise<Exclude<IssueOutcome, { outcome: 'moved' }>>;
}
