/** What counters answer, as JSON, by their kind: to a GET, in a batch, in a list, and to a change. */

import type { ChangeAnswer } from '../counters/count.ts';
import type { Counters } from '../counters/counters.ts';
import type { LimitAnswer } from '../counters/limit.ts';
import type { NamedCounter } from '../counters/named-counter.ts';
import type { Shown } from '../counters/show.ts';
import type { BookAnswer } from '../counters/ticket.ts';
import type { WindowKind } from '../rules/windows.ts';
import { asKind, requireLive } from './parse-names.ts';
import { Problem } from './problem.ts';
import {
  acceptedOrThrow,
  asTime,
  type HttpResponse,
  json,
  noContent,
  writeHeaders,
} from './responses.ts';

export interface ReadRequest {
  readonly window?: WindowKind | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly consistent: boolean;
}

export function createCounterReads({ counts, tickets, uniques, limits, show }: Counters) {
  /**
   * @throws Problem, also invalid_window and invalid_range for a kind without windows or ranges;
   *   StoreUnavailableError
   */
  return async (counter: NamedCounter, { window, from, to, consistent }: ReadRequest) => {
    const unique = asKind(counter, 'unique');
    if (unique) {
      const range = rangeOf(from, to);
      const answer = acceptedOrThrow(await uniques.read(unique, { window, range, consistent }));
      return { count: answer.count, standard_error: answer.standardError };
    }
    if (from !== undefined || to !== undefined) {
      throw new Problem('invalid_range', `"${counter.counter}" is read without a range.`);
    }
    const count = asKind(counter, 'count');
    if (count) return shownJson(acceptedOrThrow(await counts.read(count, { window, consistent })));
    if (window !== undefined) {
      throw new Problem('invalid_window', `"${counter.counter}" has no windows.`);
    }
    const limit = asKind(counter, 'limit');
    if (limit) return limitJson(await limits.read(limit, { consistent }));
    const ticket = asKind(counter, 'ticket');
    if (ticket) return bookJson(await tickets.read(ticket, { consistent }));
    return shownJson(acceptedOrThrow(await show(requireLive(counter), { consistent })));
  };
}

const shownJson = ({ count, choices, window, version, updatedAtMs }: Omit<Shown, 'ok'>) => ({
  count,
  ...(choices ? { choices } : {}),
  ...(window === undefined ? {} : { window }),
  version,
  updated_at: asTime(updatedAtMs),
});

export const bookJson = ({ number, day, shift, updatedAtMs }: BookAnswer) => ({
  number,
  day,
  shift,
  updated_at: asTime(updatedAtMs),
});

export const limitJson = ({ allowed, remaining, retryAfterMs }: LimitAnswer) => ({
  allowed,
  remaining,
  retry_after_ms: retryAfterMs,
});

/** Both ends of a range, or none. @throws Problem invalid_range */
function rangeOf(from: string | undefined, to: string | undefined) {
  if (from === undefined && to === undefined) return undefined;
  if (from !== undefined && to !== undefined) return { from, to };
  throw new Problem('invalid_range', 'A range takes both `from` and `to`.');
}

/** The answer to a change; 204 if its count is not wanted or not available. */
export function changeResponse(
  answer: ChangeAnswer,
  { canRead, isMinimal }: { canRead: boolean; isMinimal: boolean },
): HttpResponse {
  const headers = writeHeaders(answer);
  const { count } = answer;
  if (canRead && count !== undefined) return json(200, changeJson({ ...answer, count }), headers);
  return noContent({ ...headers, ...(isMinimal && { 'preference-applied': 'return=minimal' }) });
}

export const changeJson = (answer: {
  count: number;
  window?: string;
  version?: number;
  updatedAtMs?: number | null;
  pending: boolean;
  applied?: number;
}) => ({
  count: answer.count,
  ...(answer.window === undefined ? {} : { window: answer.window }),
  version: answer.version,
  updated_at: asTime(answer.updatedAtMs),
  pending: answer.pending,
  ...(answer.applied !== undefined && { applied: answer.applied }),
});

/** Counters are read far more often than written, so caches near the reader may answer for a moment. */
export const cacheControl = ({
  isPublic,
  consistent,
  readCacheSeconds,
}: {
  isPublic: boolean;
  consistent: boolean;
  readCacheSeconds: number;
}): { 'cache-control': string } => {
  if (consistent) return { 'cache-control': 'no-store' };
  return {
    'cache-control': isPublic ? `public, max-age=${readCacheSeconds}` : 'private, no-cache',
  };
};
