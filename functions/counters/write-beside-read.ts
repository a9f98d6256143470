import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

/**
 * Waits for a write, and for a read that is made beside it rather than after it, because the fold
 * could be faster than a later read. The write decides: it has happened, whether the read succeeds
 * or not.
 *
 * @returns what the write gave, and what was read; undefined if it could not be read
 */
export async function writeBesideRead<W, R>(
  write: Promise<W>,
  read: Promise<R>,
): Promise<[W, R | undefined]> {
  const [written, seen] = await Promise.allSettled([write, read]);
  if (written.status === 'rejected') throw written.reason;
  if (seen.status === 'fulfilled') return [written.value, seen.value];
  if (seen.reason instanceof StoreUnavailableError) return [written.value, undefined];
  throw seen.reason;
}

/** As `writeBesideRead`, where the answer is nothing without what was read. @throws OutcomeUnknownError */
export async function writeAndRead<W, R>(write: Promise<W>, read: Promise<R>): Promise<[W, R]> {
  const [written, seen] = await writeBesideRead(write, read);
  if (seen === undefined) throw new OutcomeUnknownError('written, but not read back');
  return [written, seen];
}
