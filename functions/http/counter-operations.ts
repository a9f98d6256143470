/** HTTP operations on one counter. */
import type { ChangeAnswer } from '../counters/count.ts';
import type { Counters } from '../counters/counters.ts';
import type { CounterDefinition } from '../counters/define-counters.ts';
import type { Shown } from '../counters/show.ts';
import type { BookAnswer } from '../counters/ticket.ts';
import type { Operation } from './answer-request.ts';
import { counterPage } from './counter-page.ts';
import {
  asKind,
  bodyOf,
  parseCounter,
  queryOf,
  requireKind,
  requireShown,
  tokenOf,
  wantsMinimal,
} from './http-request.ts';
import { Problem } from './problem.ts';
import {
  asTime,
  granted,
  type HttpResponse,
  html,
  json,
  noContent,
  writeHeaders,
} from './responses.ts';
import { changeBody, historyQuery, readQuery } from './schemas.ts';

/** The page's own script, and connections to wherever live updates go through. */
const pagePolicy =
  "default-src 'none'; img-src data:; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self' https: wss: ws:";

export function createCounterOperations({
  config,
  counts,
  history,
  tickets,
  uniques,
  show,
}: Counters) {
  const readCounter: Operation = async (request) => {
    const named = parseCounter(request.params, config);
    const { subject, counter, definition } = named;
    const { window, from, to, ...query } = queryOf(request, readQuery);
    const consistent = query.consistent === 'true';
    const headers = {
      'cache-control': cacheControl(definition, consistent, config.settings.readCacheSeconds),
      vary: 'accept',
    };
    const ticket = asKind(named, 'ticket');
    if (ticket) return json(200, bookJson(await tickets.read(ticket, { consistent })), headers);
    const unique = asKind(named, 'unique');
    if (unique) {
      const range = rangeOf(from, to);
      const answer = granted(await uniques.read(unique, { window, range, consistent }));
      return json(200, { count: answer.count, standard_error: answer.standardError }, headers);
    }
    const count = asKind(named, 'count');
    const shown = granted(
      count
        ? await counts.read(count, { window, consistent })
        : await show(requireShown(named), { consistent }),
    );
    if (request.mediaType !== 'text/html') return json(200, shownJson(shown), headers);
    const page = counterPage({ subject, counter, ...shownJson(shown) });
    return html(page, { ...headers, 'content-security-policy': pagePolicy });
  };

  const readHistory: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'count');
    const query = queryOf(request, historyQuery);
    const { rows } = granted(await history.read(named, query));
    const { readCacheSeconds } = config.settings;
    const headers = { 'cache-control': cacheControl(named.definition, false, readCacheSeconds) };
    return json(200, { window: query.window, rows }, headers);
  };

  const changeCounter: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'count');
    const { action, amount } = bodyOf(request, changeBody);
    const answer = granted(
      await counts.change(named, {
        amount: action === 'increment' ? amount : -amount,
        token: tokenOf(request),
        wantCount: !wantsMinimal(request),
      }),
    );
    return changeResponse(answer, wantsMinimal(request));
  };

  const resetCounter: Operation = async (request) => {
    const named = parseCounter(request.params, config);
    const token = tokenOf(request);
    const ticket = asKind(named, 'ticket');
    if (ticket) {
      const answer = granted(await tickets.reset(ticket, token));
      return json(200, bookJson(answer), writeHeaders(answer));
    }
    return changeResponse(granted(await counts.reset(requireKind(named, 'count'), token)), false);
  };

  const drawTicket: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'ticket');
    const answer = granted(await tickets.draw(named, tokenOf(request)));
    const { number, day, shift } = answer;
    return json(201, { number, day, shift }, writeHeaders(answer));
  };

  return { readCounter, readHistory, changeCounter, resetCounter, drawTicket };
}

export const shownJson = ({ count, choices, updatedAtMs }: Omit<Shown, 'ok'>) => ({
  count,
  ...(choices ? { choices } : {}),
  updated_at: asTime(updatedAtMs),
});

/** Both ends of a range, or none. @throws Problem invalid_range */
function rangeOf(from: string | undefined, to: string | undefined) {
  if (from === undefined && to === undefined) return undefined;
  if (from !== undefined && to !== undefined) return { from, to };
  throw new Problem('invalid_range', 'A range takes both `from` and `to`.');
}

/** 204 for an accepted change whose count was not wanted, or cannot be told. */
function changeResponse(answer: ChangeAnswer, isMinimal: boolean): HttpResponse {
  const headers = writeHeaders(answer);
  const { count } = answer;
  if (count !== undefined) return json(200, changeJson({ ...answer, count }), headers);
  return noContent({ ...headers, ...(isMinimal && { 'preference-applied': 'return=minimal' }) });
}

export const changeJson = (answer: {
  count: number;
  updatedAtMs?: number | null;
  pending: boolean;
}) => ({
  count: answer.count,
  updated_at: asTime(answer.updatedAtMs),
  pending: answer.pending,
});

const bookJson = ({ number, day, shift, updatedAtMs }: BookAnswer) => ({
  number,
  day,
  shift,
  updated_at: asTime(updatedAtMs),
});

/** Counters are read far more than written: caches near the reader may answer for a moment. */
function cacheControl(
  { access }: CounterDefinition,
  consistent: boolean,
  readCacheSeconds: number,
): string {
  if (consistent) return 'no-store';
  return access.read === 'public' ? `public, max-age=${readCacheSeconds}` : 'private, no-cache';
}
