/** HTTP operations on one counter. */
import type * as v from 'valibot';
import type { ChangeRequest } from '../../counters/count.ts';
import type { SetRequest } from '../../counters/count-plans.ts';
import type { Counters } from '../../counters/counters.ts';
import type { CounterDefinition } from '../../counters/define-counters.ts';
import { counterPage } from '../../pages/counter-page.ts';
import { authorise, counterNeed, mayRead, tokenWithSender } from '../authorise.ts';
import { bookJson, cacheControl, changeResponse, createCounterReads } from '../counter-answers.ts';
import { bodyOf, optionalBodyOf, queryOf, tokenOf, wantsMinimal } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { asKind, requireKind } from '../parse-names.ts';
import { Problem } from '../problem.ts';
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
    const change = changeOf(bodyOf(request, changeBody));
    if ('value' in change) await authorise(request, counterNeed('admin', counter));
    const canRead = await mayRead(request, counter);
    const isMinimal = wantsMinimal(request);
    const token = await tokenWithSender(request, tokenOf(request));
    const options = { token, wantCount: canRead && !isMinimal };
    const answer = acceptedOrThrow(
      'value' in change
        ? await counts.set(counter, change, options)
        : await counts.change(counter, { ...change, ...options }),
      { canRead },
    );
    return changeResponse(answer, { canRead, isMinimal });
  };

  const resetCount: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'count');
    optionalBodyOf(request, emptyBody);
    const canRead = await mayRead(request, counter);
    const token = await tokenWithSender(request, tokenOf(request));
    const answer = acceptedOrThrow(await counts.reset(counter, token), { canRead });
    return changeResponse(answer, { canRead, isMinimal: false });
  };

  const resetTickets: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'ticket');
    optionalBodyOf(request, emptyBody);
    const canRead = await mayRead(request, counter);
    const token = await tokenWithSender(request, tokenOf(request));
    const answer = acceptedOrThrow(await tickets.reset(counter, token));
    return canRead
      ? json(200, bookJson(answer), writeHeaders(answer))
      : noContent(writeHeaders(answer));
  };

  const resetCounter: Operation = (request) =>
    asKind(request.counter(), 'ticket') ? resetTickets(request) : resetCount(request);

  return { readCounter, readHistory, changeCounter, resetCounter };
}

/** What a body asks for: to add an amount, or to set a value. @throws Problem invalid_body, unknown_field */
function changeOf(
  body: v.InferOutput<typeof changeBody>,
): SetRequest | Pick<ChangeRequest, 'amount' | 'isSaturating'> {
  const { action, amount, saturate, value, expected } = body;
  if (action === 'set') {
    if (amount !== undefined) throw fieldOfOther('amount', action);
    if (saturate !== undefined) throw fieldOfOther('saturate', action);
    if (value === undefined) throw new Problem('invalid_body', 'value is missing.');
    return { value, expected };
  }
  if (value !== undefined) throw fieldOfOther('value', action);
  if (expected !== undefined) throw fieldOfOther('expected', action);
  const sign = action === 'increment' ? 1 : -1;
  return { amount: sign * (amount ?? 1), isSaturating: saturate === true };
}

const fieldOfOther = (field: string, action: string): Problem =>
  new Problem('unknown_field', `${field} is not a field of ${action}.`);
