/** HTTP operations on one counter. */
import type { ChangeAnswer } from '../../counters/count.ts';
import type { Counters } from '../../counters/counters.ts';
import type { CounterDefinition } from '../../counters/define-counters.ts';
import { counterPage } from '../../pages/counter-page.ts';
import { isReader, type Operation } from '../answer-request.ts';
import {
  asKind,
  bodyOf,
  optionalBodyOf,
  parseCounter,
  queryOf,
  requireKind,
  tokenOf,
  wantsMinimal,
} from '../http-request.ts';
import {
  acceptedOrThrow,
  asTime,
  type HttpResponse,
  html,
  json,
  noContent,
  writeHeaders,
} from '../responses.ts';
import { changeBody, emptyBody, historyQuery, readQuery } from '../schemas.ts';
import { bookJson, createCounterReads } from './counter-reads.ts';

/** The page's own script, and connections to wherever live updates go through. */
const pagePolicy =
  "default-src 'none'; img-src data:; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self' https: wss: ws:";

export function createCounterOperations(counters: Counters) {
  const { config, counts, history, tickets } = counters;
  const read = createCounterReads(counters);

  const readCounter: Operation = async (request) => {
    const named = parseCounter(request.params, config);
    const { subject, counter, definition } = named;
    const query = queryOf(request, readQuery);
    const consistent = query.consistent === 'true';
    const answer = await read(named, { ...query, consistent });
    const headers = {
      'cache-control': cacheControl(definition, consistent, config.settings.readCacheSeconds),
      vary: 'accept',
    };
    // The page shows what is published live: the count of the shown window.
    const hasPage = query.window === undefined && 'count' in answer && 'updated_at' in answer;
    if (request.mediaType !== 'text/html' || !hasPage) return json(200, answer, headers);
    const page = counterPage({ subject, counter, ...answer });
    return html(page, { ...headers, 'content-security-policy': pagePolicy });
  };

  const readHistory: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'count');
    const query = queryOf(request, historyQuery);
    const { rows } = acceptedOrThrow(await history.read(named, query));
    const { readCacheSeconds } = config.settings;
    const headers = { 'cache-control': cacheControl(named.definition, false, readCacheSeconds) };
    return json(200, { window: query.window, rows }, headers);
  };

  const changeCounter: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'count');
    const { action, amount } = bodyOf(request, changeBody);
    const mayRead = await isReader(request, named);
    const isMinimal = wantsMinimal(request);
    const answer = acceptedOrThrow(
      await counts.change(named, {
        amount: action === 'increment' ? amount : -amount,
        token: tokenOf(request),
        wantCount: mayRead && !isMinimal,
      }),
      { mayRead },
    );
    return changeResponse(answer, { mayRead, isMinimal });
  };

  const resetCount: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'count');
    optionalBodyOf(request, emptyBody);
    const mayRead = await isReader(request, named);
    const answer = acceptedOrThrow(await counts.reset(named, tokenOf(request)), { mayRead });
    return changeResponse(answer, { mayRead, isMinimal: false });
  };

  const resetTickets: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'ticket');
    optionalBodyOf(request, emptyBody);
    const mayRead = await isReader(request, named);
    const answer = acceptedOrThrow(await tickets.reset(named, tokenOf(request)));
    return mayRead
      ? json(200, bookJson(answer), writeHeaders(answer))
      : noContent(writeHeaders(answer));
  };

  const resetCounter: Operation = (request) =>
    asKind(parseCounter(request.params, config), 'ticket')
      ? resetTickets(request)
      : resetCount(request);

  const drawTicket: Operation = async (request) => {
    const named = requireKind(parseCounter(request.params, config), 'ticket');
    optionalBodyOf(request, emptyBody);
    const answer = acceptedOrThrow(await tickets.draw(named, tokenOf(request)));
    const { number, day, shift } = answer;
    return json(201, { number, day, shift }, writeHeaders(answer));
  };

  return { readCounter, readHistory, changeCounter, resetCounter, drawTicket };
}

/** 204 for an accepted change whose count was not wanted, or cannot be told. */
function changeResponse(
  answer: ChangeAnswer,
  { mayRead, isMinimal }: { mayRead: boolean; isMinimal: boolean },
): HttpResponse {
  const headers = writeHeaders(answer);
  const { count } = answer;
  if (mayRead && count !== undefined) return json(200, changeJson({ ...answer, count }), headers);
  return noContent({ ...headers, ...(isMinimal && { 'preference-applied': 'return=minimal' }) });
}

export const changeJson = (answer: {
  count: number;
  updatedAtMs?: number | null;
  pending: boolean;
  window?: string;
}) => ({
  count: answer.count,
  updated_at: asTime(answer.updatedAtMs),
  pending: answer.pending,
  ...(answer.window === undefined ? {} : { window: answer.window }),
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
