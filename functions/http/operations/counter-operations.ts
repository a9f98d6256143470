/** HTTP operations on one counter. */
import type { Counters } from '../../counters/counters.ts';
import type { CounterDefinition } from '../../counters/define-counters.ts';
import { counterPage } from '../../pages/counter-page.ts';
import { mayRead } from '../authorise.ts';
import { bookJson, cacheControl, changeResponse, createCounterReads } from '../counter-answers.ts';
import { bodyOf, optionalBodyOf, queryOf, tokenOf, wantsMinimal } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { asKind, requireKind } from '../parse-names.ts';
import { acceptedOrThrow, html, json, noContent, writeHeaders } from '../responses.ts';
import { changeBody, emptyBody, historyQuery, readQuery } from '../schemas.ts';

/** The page's own script, and connections to where live updates come from. */
const pagePolicy =
  "default-src 'none'; img-src data:; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self' https: wss: ws:";

export function createCounterOperations(counters: Counters) {
  const { counts, history, tickets } = counters;
  const { readCacheSeconds } = counters.config.settings;
  const read = createCounterReads(counters);
  const cacheHeaders = ({ access }: CounterDefinition, consistent: boolean) =>
    cacheControl({ isPublic: access.read === 'public', consistent, readCacheSeconds });

  const readCounter: Operation = async (request) => {
    const counter = request.counter();
    const query = queryOf(request, readQuery);
    const consistent = query.consistent === 'true';
    const answer = await read(counter, { ...query, consistent });
    const headers = { ...cacheHeaders(counter.definition, consistent), vary: 'accept' };
    // The page shows what live updates show: the count of the first window.
    const hasPage = query.window === undefined && 'count' in answer && 'updated_at' in answer;
    if (request.mediaType !== 'text/html' || !hasPage) return json(200, answer, headers);
    const page = counterPage({ subject: counter.subject, counter: counter.counter, ...answer });
    return html(page, { ...headers, 'content-security-policy': pagePolicy });
  };

  const readHistory: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'count');
    const query = queryOf(request, historyQuery);
    const { rows } = acceptedOrThrow(await history.read(counter, query));
    return json(200, { window: query.window, rows }, cacheHeaders(counter.definition, false));
  };

  const changeCounter: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'count');
    const { action, amount } = bodyOf(request, changeBody);
    const canRead = await mayRead(request, counter);
    const isMinimal = wantsMinimal(request);
    const answer = acceptedOrThrow(
      await counts.change(counter, {
        amount: action === 'increment' ? amount : -amount,
        token: tokenOf(request),
        wantCount: canRead && !isMinimal,
      }),
      { canRead },
    );
    return changeResponse(answer, { canRead, isMinimal });
  };

  const resetCount: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'count');
    optionalBodyOf(request, emptyBody);
    const canRead = await mayRead(request, counter);
    const answer = acceptedOrThrow(await counts.reset(counter, tokenOf(request)), { canRead });
    return changeResponse(answer, { canRead, isMinimal: false });
  };

  const resetTickets: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'ticket');
    optionalBodyOf(request, emptyBody);
    const canRead = await mayRead(request, counter);
    const answer = acceptedOrThrow(await tickets.reset(counter, tokenOf(request)));
    return canRead
      ? json(200, bookJson(answer), writeHeaders(answer))
      : noContent(writeHeaders(answer));
  };

  const resetCounter: Operation = (request) =>
    asKind(request.counter(), 'ticket') ? resetTickets(request) : resetCount(request);

  return { readCounter, readHistory, changeCounter, resetCounter };
}
