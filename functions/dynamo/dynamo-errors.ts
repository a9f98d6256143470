/**
 * What an error of DynamoDB means for a write. The SDK's error names are known here and nowhere
 * else.
 */
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

/** Somebody else is at the item, or it is over its rate. This attempt has written nothing. */
const contentionNames: ReadonlySet<string> = new Set([
  'TransactionConflictException',
  'TransactionInProgressException',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  // The same, as the reasons of a cancelled transaction.
  'TransactionConflict',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
]);

/** No connection was made, so nothing was sent. */
const neverSentCodes: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

export function isContention(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    return (error.CancellationReasons ?? []).some(({ Code }) => contentionNames.has(Code ?? ''));
  }
  return error instanceof Error && contentionNames.has(error.name);
}

/** Errors of calls of which this attempt, or one before it, may have got through. */
const unknownOutcomes = new WeakSet<Error>();

/**
 * Takes down what an attempt at a call failed with: the SDK makes several and throws the last error,
 * which alone does not say whether anything was written.
 *
 * @param unknownBefore whether an earlier attempt may have got through
 * @returns whether this one or an earlier one may have
 */
export function noteFailedAttempt(error: unknown, unknownBefore: boolean): boolean {
  const nothingWritten = isContention(error) || isRejected(error) || wasNeverSent(error);
  const unknown = unknownBefore || !nothingWritten;
  if (unknown && error instanceof Error) unknownOutcomes.add(error);
  return unknown;
}

/** Whether one of the attempts at a call may have got through, whatever the last one failed with. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  error instanceof Error && unknownOutcomes.has(error);

/**
 * The error to throw when a write failed and that is no expected outcome: whether it may have
 * happened decides what the caller may do. A 4xx answer of DynamoDB means that it did not.
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

/** DynamoDB understood the request and refused it: our own mistake, not an outage. */
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
