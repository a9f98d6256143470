import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

/**
 * Waits for a write and for a read that runs beside it. It does not run after it, because the fold
 * could be faster than a later read. If the write succeeds, a failed read does not make it a failure.
 *
 * @returns the results of both; undefined for a read that failed because the store is unavailable
 */
export async function writeBesideRead<W, R>(
  write: Promise<W>,
  read: Promise<R>,
): Promise<[W, R | undefined]> {
  const [writing, reading] = await Promise.allSettled([write, read]);
  if (writing.status === 'rejected') throw writing.reason;
  if (reading.status === 'fulfilled') return [writing.value, reading.value];
  if (reading.reason instanceof StoreUnavailableError) return [writing.value, undefined];
  throw reading.reason;
}

/** As `writeBesideRead`, for answers that need the read. @throws OutcomeUnknownError if it failed */
export async function writeAndRead<W, R>(write: Promise<W>, read: Promise<R>): Promise<[W, R]> {
  const [writeResult, readResult] = await writeBesideRead(write, read);
  if (readResult === undefined) throw new OutcomeUnknownError('written, but not read back');
  return [writeResult, readResult];
}
