/**
 * A book of tickets remembers by itself which token got which number, so that both are one write to
 * one item, and two draws never make each other fail; after a reset or two page turns a writer tries
 * again. What it remembers is kept in pages: the
 * book holds the page that is being written and the one before it; older pages are items of their
 * own, which never change again. A page is turned after so many entries that a writer who read
 * the book a moment ago still finds its page in it.
 */
import { limits } from './limits.ts';

/** A number of a shift; for a reset, the one before the first of the shift it began. */
export interface Position {
  readonly shift: number;
  readonly number: number;
}

/** By the names of the tokens. */
export type Entries = ReadonlyMap<string, Position>;

/** More numbers than a shift can have: they begin at 1e9 at most, and a day has not enough time. */
const numbersOfShift = 1e10;

/** As one integer, which rises from entry to entry of a book. */
export const packPosition = ({ shift, number }: Position): number =>
  shift * numbersOfShift + number + 1;

export const unpackPosition = (packed: number): Position => ({
  shift: Math.floor(packed / numbersOfShift),
  number: (packed % numbersOfShift) - 1,
});

/**
 * Whether the writer of the last entry of a page should turn it. One of 16 does, so that it is not
 * all of those who write at the same time, and so that the next one does if it could not.
 *
 * @param entryCount of the page that is being written
 * @param ageMs since the page was begun
 */
export function isPageDue({ entryCount, ageMs }: { entryCount: number; ageMs: number }): boolean {
  const { entries, ms, mostEntries } = limits.bookPage;
  return entryCount % entries === 0 && (ageMs >= ms || entryCount >= mostEntries);
}

/** The entries of the page before the one that is being written, which has the last `entryCount`. */
export function entriesOfPageBefore(entries: Entries, entryCount: number): Entries {
  const inOrder = [...entries].toSorted(([, a], [, b]) => packPosition(a) - packPosition(b));
  return new Map(inOrder.slice(0, Math.max(0, inOrder.length - entryCount)));
}
