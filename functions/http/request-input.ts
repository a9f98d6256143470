/**
 * What an operation takes of a request: query, body and idempotency key. Whatever else came is
 * refused, so that nothing that a caller means is silently left out.
 */
import type * as v from 'valibot';
import { isPass } from '../access/passes.ts';
import { strictObject } from '../counters/strict-object.ts';
import { describeBadToken, parseToken } from '../rules/tokens.ts';
import { type Checked, check, wholeOfBody, wholeQuery } from './check-input.ts';
import type { HttpRequest } from './http-request.ts';
import { type Mistake, problemOfMistakes } from './mistake.ts';
import { readBody } from './read-body.ts';
import { emptyBody } from './schemas/counter-requests.ts';

type ObjectSchema = v.GenericSchema & { readonly entries: v.ObjectEntries };

export interface Takes<Query extends ObjectSchema, Body extends v.GenericSchema> {
  readonly query?: Query;
  /** May be left out of a request if `{}` fits it. */
  readonly body?: Body;
  /** Mistakes of a body that is an object, which its schema cannot see. */
  readonly also?: (body: Readonly<Record<string, unknown>>) => readonly Mistake[];
  /**
   * Whether it counts once per Idempotency-Key; or why it cannot, where a caller might rely on it. Left out
   * where a repeated request changes nothing.
   */
  readonly token?: true | { readonly refusal: string };
  /** Whether the answer is a page: the address of one may have been given parameters such as `utm_source`. */
  readonly isPage?: boolean;
}

export interface Input<Query extends v.GenericSchema, Body extends v.GenericSchema> {
  readonly query: v.InferOutput<Query>;
  readonly body: v.InferOutput<Body>;
  readonly token: string | undefined;
}

const emptyQuery = strictObject({});
type Empty = typeof emptyQuery;

/** @throws Problem for all that is wrong: with the code of the one mistake, or invalid_request */
export function inputOf<Query extends ObjectSchema = Empty, Body extends v.GenericSchema = Empty>(
  request: HttpRequest,
  takes: Takes<Query, Body>,
): Input<Query, Body> {
  const query = check(takes.query ?? emptyQuery, queryOf(request, takes), wholeQuery);
  const body = bodyOf(request, takes.body ?? emptyBody, takes.also);
  const token = tokenOf(request, takes.token);
  const others = [...credentialMistakes(request), ...conditionMistakes(request)];
  if (query.ok && body.ok && token.ok && others.length === 0) {
    request.progress.isRepeatable = takes.token === undefined || token.output !== undefined;
    return { query: query.output, body: body.output, token: token.output };
  }
  const mistakes = [query, token, body].flatMap((it) => (it.ok ? [] : it.mistakes));
  throw problemOfMistakes([...others, ...mistakes]);
}

/** A pass may be sent in the query; it is no parameter of any operation. */
function queryOf(
  { event: { queryStringParameters = {} } }: HttpRequest,
  { query, isPage = false }: Pick<Takes<ObjectSchema, v.GenericSchema>, 'query' | 'isPage'>,
): Record<string, string | undefined> {
  const entries = Object.entries(queryStringParameters).filter(
    ([name]) => name !== 'access_token' && (!isPage || Object.hasOwn(query?.entries ?? {}, name)),
  );
  return Object.fromEntries(entries);
}

function bodyOf<Body extends v.GenericSchema>(
  { event }: HttpRequest,
  schema: Body,
  also: (body: Readonly<Record<string, unknown>>) => readonly Mistake[] = () => [],
): Checked<v.InferOutput<Body>> {
  const read = readBody(event);
  if (!read.ok) return read;
  if (read.output !== undefined) {
    const checked = check(schema, read.output, wholeOfBody());
    const more = also(Object(read.output));
    if (checked.ok && more.length === 0) return checked;
    return { ok: false, mistakes: [...(checked.ok ? [] : checked.mistakes), ...more] };
  }
  const empty = check(schema, {}, wholeOfBody());
  if (empty.ok) return empty;
  const detail = 'The body is empty.';
  return { ok: false, mistakes: [{ code: 'invalid_json', detail, place: { pointer: '#' } }] };
}

function tokenOf(
  { event }: HttpRequest,
  taken: Takes<Empty, Empty>['token'],
): Checked<string | undefined> {
  const header = event.headers['idempotency-key'];
  if (header === undefined || taken === undefined) return { ok: true, output: undefined };
  const token = taken === true ? parseToken(header) : undefined;
  if (token !== undefined) return { ok: true, output: token };
  const detail =
    taken === true ? `The Idempotency-Key ${describeBadToken(header)}.` : taken.refusal;
  const place = { header: 'Idempotency-Key' };
  return { ok: false, mistakes: [{ code: 'invalid_idempotency_key', detail, place }] };
}

/** An API key in an address would end up in logs, so it is not looked at there. */
function credentialMistakes({ event }: HttpRequest): Mistake[] {
  const inQuery = event.queryStringParameters?.access_token;
  if (inQuery === undefined || isPass(inQuery)) return [];
  const detail = 'access_token takes a pass. Send an API key as `Authorization: Bearer …`.';
  return [{ code: 'unknown_parameter', detail, place: { parameter: 'access_token' } }];
}

/**
 * A condition that is not kept would be a lost update. The pipeline keeps If-None-Match of
 * a read, and no other.
 */
function conditionMistakes({ event }: HttpRequest): Mistake[] {
  const isRead = ['GET', 'HEAD'].includes(event.requestContext.http.method);
  const names = ['If-Match', 'If-Unmodified-Since', ...(isRead ? [] : ['If-None-Match'])];
  return names
    .filter((name) => event.headers[name.toLowerCase()] !== undefined)
    .map((header) => ({
      code: 'unsupported_condition',
      detail: `${header} is not supported here.`,
      place: { header },
    }));
}

/** Whether the caller wants nothing but the status back (RFC 7240). */
export function wantsMinimal({ event }: HttpRequest): boolean {
  return /(?:^|[,;\s])return=minimal(?:$|[,;\s])/i.test(event.headers.prefer ?? '');
}
