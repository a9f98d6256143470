/**
 * What an error of DynamoDB means for a write. The SDK's error names are known here and nowhere
 * else.
 */
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

/** Another writer is at the item, or it is over its rate. This attempt has written nothing. */
const contentionNames: ReadonlySet<string> = new Set([
  // Tally makes no transactions, but other programs with access to the table may.
  'TransactionConflictException',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
]);

/** No connection was made, so nothing was sent. */
const neverSentCodes: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

export const isContention = (error: unknown): boolean =>
  error instanceof Error && contentionNames.has(error.name);

/** Errors of calls that may have been written, by the last attempt or by one before it. */
const unknownOutcomes = new WeakSet<Error>();

/**
 * Notes the error of each attempt at a call. The SDK makes several attempts and throws the last error,
 * which alone does not say whether anything was written.
 *
 * @param unknownBefore whether an earlier attempt may have written
 * @returns whether this one or an earlier one may have written
 */
export function noteFailedAttempt(error: unknown, unknownBefore: boolean): boolean {
  const nothingWritten = isContention(error) || isRejected(error) || wasNeverSent(error);
  const unknown = unknownBefore || !nothingWritten;
  if (unknown && error instanceof Error) unknownOutcomes.add(error);
  return unknown;
}

/** Whether any attempt at a call may have written, whatever the last error was. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  error instanceof Error && unknownOutcomes.has(error);

/**
 * The error to throw for a failure that is not an expected outcome. Whether the write may have
 * happened decides what the caller may do. A 4xx answer of DynamoDB means that it did not happen.
 */
export function writeFailure(error: unknown): Error {
  if (!isContention(error) && isRejected(error)) return asError(error);
  const nothingWritten = !isOutcomeUnknown(error) && (isContention(error) || wasNeverSent(error));
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return nothingWritten
    ? new StoreUnavailableError(message, { cause: error })
    : new OutcomeUnknownError(message, { cause: error });
}

/** The error to throw when a read failed. */
export function readFailure(error: unknown): Error {
  if (!isContention(error) && isRejected(error)) return asError(error);
  return new StoreUnavailableError('the database did not answer', { cause: error });
}

/** DynamoDB understood the request and refused it: a fault of ours, not an outage. */
function isRejected(error: unknown): boolean {
  return error instanceof Error && '$fault' in error && error.$fault === 'client';
}

function wasNeverSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && neverSentCodes.has(String(error.code))) return true;
  return error.name === 'TimeoutError' && error.message.includes('did not establish a connection');
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
