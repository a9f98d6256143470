/** What a read of a counter answers, by its kind: to a GET, and in a batch. */

import type { Counters } from '../../counters/counters.ts';
import type { NamedCounter } from '../../counters/named-counter.ts';
import type { Shown } from '../../counters/show.ts';
import type { BookAnswer } from '../../counters/ticket.ts';
import type { WindowKind } from '../../rules/windows.ts';
import { asKind, requireShown } from '../http-request.ts';
import { Problem } from '../problem.ts';
import { acceptedOrThrow, asTime } from '../responses.ts';

export interface ReadRequest {
  readonly window?: WindowKind | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly consistent: boolean;
}

export function createCounterReads({ counts, tickets, uniques, show }: Counters) {
  /** @throws Problem; invalid_window and invalid_range also where a kind has none, StoreUnavailableError */
  return async (named: NamedCounter, { window, from, to, consistent }: ReadRequest) => {
    const unique = asKind(named, 'unique');
    if (unique) {
      const range = rangeOf(from, to);
      const answer = acceptedOrThrow(await uniques.read(unique, { window, range, consistent }));
      return { count: answer.count, standard_error: answer.standardError };
    }
    if (from !== undefined || to !== undefined) {
      throw new Problem('invalid_range', `"${named.counter}" is read without a range.`);
    }
    const count = asKind(named, 'count');
    if (count) return shownJson(acceptedOrThrow(await counts.read(count, { window, consistent })));
    if (window !== undefined) {
      throw new Problem('invalid_window', `"${named.counter}" has no windows.`);
    }
    const ticket = asKind(named, 'ticket');
    if (ticket) return bookJson(await tickets.read(ticket, { consistent }));
    return shownJson(acceptedOrThrow(await show(requireShown(named), { consistent })));
  };
}

const shownJson = ({ count, choices, updatedAtMs }: Omit<Shown, 'ok'>) => ({
  count,
  ...(choices ? { choices } : {}),
  updated_at: asTime(updatedAtMs),
});

export const bookJson = ({ number, day, shift, updatedAtMs }: BookAnswer) => ({
  number,
  day,
  shift,
  updated_at: asTime(updatedAtMs),
});

/** Both ends of a range, or none. @throws Problem invalid_range */
function rangeOf(from: string | undefined, to: string | undefined) {
  if (from === undefined && to === undefined) return undefined;
  if (from !== undefined && to !== undefined) return { from, to };
  throw new Problem('invalid_range', 'A range takes both `from` and `to`.');
}
