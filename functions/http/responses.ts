import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Refusal } from '../counters/refusals.ts';
import { limits } from '../rules/limits.ts';
import { Problem } from './problem.ts';
import { type ProblemCode, problemKinds } from './problems.ts';

export interface HttpResponse extends APIGatewayProxyStructuredResultV2 {
  statusCode: number;
  headers: Record<string, string>;
}

type Headers = Readonly<Record<string, string>>;

/** An answer that does not say how long it may be cached is not cached. */
const notCached = { 'cache-control': 'no-store' };

export function json(statusCode: number, body: unknown, headers: Headers = {}): HttpResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...notCached, ...headers },
    body: JSON.stringify(body),
  };
}

export function html(body: string, headers: Headers): HttpResponse {
  return {
    statusCode: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', ...notCached, ...headers },
    body,
  };
}

export const noContent = (headers: Headers = {}): HttpResponse => ({
  statusCode: 204,
  headers: { ...notCached, ...headers },
});

/** RFC 9457. `type` leads to the page of the code on this server. */
export function problemBody({ code, message, members }: Problem) {
  const { status, title } = problemKinds[code];
  return { type: `/docs/errors#${code}`, title, status, code, detail: message, ...members };
}

export const problem = (cause: Problem): HttpResponse =>
  json(problemKinds[cause.code].status, problemBody(cause), {
    'content-type': 'application/problem+json',
    ...problemHeaders(cause),
  });

export function problemHeaders({ code, mayRepeat, headers }: Problem): Headers {
  const isRetried = problemKinds[code].retry !== 'no' && mayRepeat;
  return {
    ...(isRetried ? { 'retry-after': String(limits.retryAfterSeconds) } : {}),
    ...headers,
  };
}

/**
 * Unwraps an answer; throws a refusal as a Problem. Without read access its detail, which may hold the
 * count, is replaced by the title.
 *
 * @throws Problem
 */
export function acceptedOrThrow<T extends { ok: true }>(
  answer: T | Refusal<ProblemCode>,
  { canRead } = { canRead: true },
): T {
  if (answer.ok) return answer;
  const { code, detail, count, room, retryAfterSeconds } = answer;
  const headers: Headers =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  if (!canRead) throw new Problem(code, `${problemKinds[code].title}.`, { headers });
  throw new Problem(code, detail, {
    headers,
    members: {
      ...(count === undefined ? {} : { count }),
      ...(room && { remaining: room.remaining, resets_at: asTime(room.resetsAtMs) }),
    },
  });
}

/** The headers of every answer to a write with an idempotency key. */
export const writeHeaders = ({ replayed }: { replayed: boolean }): Headers =>
  replayed ? { 'idempotency-replayed': 'true' } : {};

/** RFC 3339, or null for what never happened. */
export const asTime = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(ms).toISOString();
