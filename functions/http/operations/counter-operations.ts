/** HTTP operations on one counter. */
import type * as v from 'valibot';
import type { ChangeRequest } from '../../counters/count.ts';
import type { SetRequest } from '../../counters/count-plans.ts';
import type { Counters } from '../../counters/counters.ts';
import type { CounterDefinition } from '../../counters/define-counters.ts';
import { counterPage } from '../../pages/counter-page.ts';
import { authorise, chargeWindows, counterNeed, mayRead, tokenWithSender } from '../authorise.ts';
import {
  bookJson,
  cacheControl,
  changeResponse,
  createCounterReads,
  historyJson,
} from '../counter-answers.ts';
import type { Mistake } from '../mistake.ts';
import type { Operation } from '../operation.ts';
import { asKind, requireKind } from '../parse-names.ts';
import { inputOf, wantsMinimal } from '../request-input.ts';
import { acceptedOrThrow, html, json, noContent, writeHeaders } from '../responses.ts';
import { changeBody, historyQuery, readQuery } from '../schemas/counter-requests.ts';

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
    const wantsPage = request.mediaType === 'text/html';
    const { query } = inputOf(request, { query: readQuery, isPage: wantsPage });
    const consistent = query.consistent === 'true';
    const before = chargeWindows(request);
    const answer = await read(counter, { ...query, consistent }, { before });
    const headers = { ...cacheHeaders(counter.definition, consistent), vary: 'accept' };
    // The page shows what live updates show: the count of the first window.
    const hasPage = query.window === undefined && 'count' in answer && 'updated_at' in answer;
    if (!wantsPage || !hasPage) return json(200, answer, headers);
    const page = counterPage({ subject: counter.subject, counter: counter.counter, ...answer });
    return html(page, { ...headers, 'content-security-policy': pagePolicy });
  };

  const readHistory: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'count');
    const { query } = inputOf(request, { query: historyQuery });
    const answer = acceptedOrThrow(
      await history.read(counter, query, { before: chargeWindows(request) }),
    );
    return json(200, historyJson(answer), cacheHeaders(counter.definition, false));
  };

  const changeCounter: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'count');
    const { body, token } = inputOf(request, {
      body: changeBody,
      token: true,
      also: actionMistakes,
    });
    const change = changeOf(body);
    if ('value' in change) await authorise(request, counterNeed('admin', counter));
    const canRead = await mayRead(request, counter);
    const isMinimal = wantsMinimal(request);
    const options = {
      token: await tokenWithSender(request, token),
      wantCount: canRead && !isMinimal,
    };
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
    const { token } = inputOf(request, { token: true });
    const canRead = await mayRead(request, counter);
    const answer = acceptedOrThrow(
      await counts.reset(counter, await tokenWithSender(request, token)),
      { canRead },
    );
    return changeResponse(answer, { canRead, isMinimal: false });
  };

  const resetTickets: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'ticket');
    const { token } = inputOf(request, { token: true });
    const canRead = await mayRead(request, counter);
    const answer = acceptedOrThrow(
      await tickets.reset(counter, await tokenWithSender(request, token)),
    );
    return canRead
      ? json(200, bookJson(answer), writeHeaders(answer))
      : noContent(writeHeaders(answer));
  };

  const resetCounter: Operation = (request) =>
    asKind(request.counter(), 'ticket') ? resetTickets(request) : resetCount(request);

  return { readCounter, readHistory, changeCounter, resetCounter };
}

type Change = v.InferOutput<typeof changeBody>;

/** What a body without mistakes asks for: to add an amount, or to set a value. */
function changeOf({
  action,
  amount = 1,
  saturate = false,
  value = 0,
  expected,
}: Change): SetRequest | Pick<ChangeRequest, 'amount' | 'isSaturating'> {
  if (action === 'set') return { value, expected };
  return { amount: action === 'increment' ? amount : -amount, isSaturating: saturate };
}

/** Fields that belong to another action, and the one that `set` needs. */
function actionMistakes(body: Readonly<Record<string, unknown>>): Mistake[] {
  const { action, value } = body;
  if (typeof action !== 'string') return [];
  const others = action === 'set' ? ['amount', 'saturate'] : ['value', 'expected'];
  const strange = others
    .filter((field) => body[field] !== undefined)
    .map((field) => mistakeAt(field, 'unknown_field', `is not a field of ${action}`));
  if (action !== 'set' || value !== undefined) return strange;
  return [...strange, mistakeAt('value', 'invalid_body', 'is missing')];
}

const mistakeAt = (field: string, code: Mistake['code'], what: string): Mistake => ({
  code,
  detail: `${field} ${what}.`,
  place: { pointer: `#/${field}` },
});
