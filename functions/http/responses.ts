import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Refusal } from '../counters/refusals.ts';
import { limits } from '../rules/limits.ts';
import { Problem } from './problem.ts';
import { problemKinds } from './problems.ts';

export interface HttpResponse extends APIGatewayProxyStructuredResultV2 {
  statusCode: number;
  headers: Record<string, string>;
}

export function json(
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): HttpResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

export function html(body: string, headers: Record<string, string>): HttpResponse {
  return {
    statusCode: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
    body,
  };
}

export const noContent = (headers: Record<string, string> = {}): HttpResponse => ({
  statusCode: 204,
  headers,
});

/** RFC 9457. `type` leads to the page of the code on this very server. */
export function problemBody({ code, message, members }: Problem) {
  const { status, title } = problemKinds[code];
  return { type: `/docs/errors#${code}`, title, status, code, detail: message, ...members };
}

export function problem(cause: Problem): HttpResponse {
  const { status, retry } = problemKinds[cause.code];
  return json(status, problemBody(cause), {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(retry === 'no' ? {} : { 'retry-after': String(limits.retryAfterSeconds) }),
    ...cause.headers,
  });
}

/** The answer, unless it is a refusal, which tells who may only write no count. @throws Problem */
export function acceptedOrThrow<T extends { ok: true }>(
  answer: T | Refusal,
  { mayRead } = { mayRead: true },
): T {
  if (answer.ok) return answer;
  const { code, detail, count } = answer;
  if (!mayRead) throw new Problem(code, `${problemKinds[code].title}.`);
  throw new Problem(code, detail, count === undefined ? {} : { members: { count } });
}

/** What every answer to a write carries. */
export const writeHeaders = ({ replayed }: { replayed: boolean }): Record<string, string> => ({
  'cache-control': 'no-store',
  ...(replayed ? { 'idempotency-replayed': 'true' } : {}),
});

/** RFC 3339, or null for what never happened. */
export const asTime = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(ms).toISOString();
