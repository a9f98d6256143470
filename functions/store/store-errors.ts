/** What every store may throw. Expected outcomes are values. */

/** The database did not answer, or refused; nothing was written. Try again later. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** A write that cannot be repeated got no answer: it may have happened or not. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}
