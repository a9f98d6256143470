/** What counters answer, as JSON, by their kind: to a GET, in a batch, in a list, and to a change. */

import type { ChangeAnswer } from '../counters/count-answers.ts';
import type { Counters } from '../counters/counters.ts';
import type { HistoryAnswer } from '../counters/history.ts';
import type { LimitAnswer } from '../counters/limit.ts';
import type { NamedCounter } from '../counters/named-counter.ts';
import type { Shown } from '../counters/show.ts';
import type { BookAnswer } from '../counters/ticket.ts';
import type { UniqueAnswer } from '../counters/unique.ts';
import type { BeforeWindows, RangeEnds } from '../counters/window-range.ts';
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
  readonly last?: string | undefined;
  readonly consistent: boolean;
}

export function createCounterReads({ counts, history, tickets, uniques, limits, show }: Counters) {
  async function read(counter: NamedCounter, request: ReadRequest, before: BeforeWindows) {
    const { window, from, to, last, consistent } = request;
    const hasRange = from !== undefined || to !== undefined || last !== undefined;
    const range = hasRange ? { from, to, last } : undefined;
    const unique = asKind(counter, 'unique');
    if (unique) {
      return uniqueJson(
        acceptedOrThrow(await uniques.read(unique, { window, range, consistent, before })),
      );
    }
    const count = asKind(counter, 'count');
    if (count && range) {
      const sum = acceptedOrThrow(
        await history.sum(count, { ...range, window }, { consistent, before }),
      );
      return { count: sum.count, ...rangeJson(sum) };
    }
    if (count) return shownJson(acceptedOrThrow(await counts.read(count, { window, consistent })));
    if (range) {
      throw new Problem('invalid_range', `"${counter.counter}" has no windows to sum.`);
    }
    if (window !== undefined) {
      throw new Problem('invalid_window', `"${counter.counter}" has no windows.`);
    }
    const limit = asKind(counter, 'limit');
    if (limit) return limitJson(await limits.read(limit, { consistent }));
    const ticket = asKind(counter, 'ticket');
    if (ticket) return bookJson(await tickets.read(ticket, { consistent }));
    return shownJson(acceptedOrThrow(await show(requireLive(counter), { consistent })));
  }

  /**
   * @param options.before by default nothing: what the read counts for was counted before
   * @throws Problem, also invalid_window and invalid_range for a kind without windows or ranges;
   *   StoreUnavailableError
   */
  return async (
    counter: NamedCounter,
    request: ReadRequest,
    { before }: { before: BeforeWindows } = { before: async () => {} },
  ) => {
    const answer = await read(counter, request, before);
    const isWithout = request.consistent && canBePending(counter, request);
    return { ...answer, ...(isWithout && { excludes_pending: true }) };
  };
}

/** Whether changes may be accepted that are not in the number which is read, because the fold adds them. */
function canBePending({ definition }: NamedCounter, request: ReadRequest): boolean {
  switch (definition.kind) {
    case 'ticket':
    case 'unique':
    case 'limit':
      return false;
    case 'reaction':
    case 'presence':
      return true;
    case 'count': {
      const { window = definition.windows[0], from, last } = request;
      const isShown = window === definition.windows[0] && from === undefined && last === undefined;
      return !(definition.bounds && isShown);
    }
  }
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

const uniqueJson = ({ count, standardError, window, range }: UniqueAnswer) => ({
  count,
  standard_error: standardError,
  ...(window === undefined ? {} : { window }),
  ...(range ? rangeJson(range) : {}),
});

/** What a range is of, and from where on there are numbers. */
const rangeJson = (ends: RangeEnds & { readonly keptFrom: string }) => ({
  from: ends.from,
  to: ends.to,
  starts_at: ends.startsAt,
  ends_at: ends.endsAt,
  kept_from: ends.keptFrom,
});

export const historyJson = (answer: HistoryAnswer) => ({
  window: answer.kind,
  ...rangeJson(answer),
  rows: answer.rows.map(({ window, startsAt, count, open }) => ({
    window,
    starts_at: startsAt,
    count,
    open,
  })),
});

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
  scope?: ChangeAnswer['scope'];
}) => ({
  count: answer.count,
  ...(answer.window === undefined ? {} : { window: answer.window }),
  version: answer.version,
  updated_at: asTime(answer.updatedAtMs),
  pending: answer.pending,
  ...(answer.applied !== undefined && { applied: answer.applied }),
  ...(answer.scope && { scope: answer.scope }),
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
