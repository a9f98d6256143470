/** The rights of a request's caller, with a refusal thrown as the problem it is answered with. */
import {
  type AccessRefusal,
  type Caller,
  type CallerRefusal,
  isLimit,
  type Need,
  type Work,
} from '../access/access.ts';
import type { NamedCounter } from '../counters/named-counter.ts';
import { itemsOfWindow, readWeight } from '../rules/caller-limits.ts';
import type { Action } from '../rules/scopes.ts';
import type { Token } from '../rules/senders.ts';
import type { HttpRequest } from './http-request.ts';
import { Problem } from './problem.ts';
import type { ProblemCode } from './problems.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

/** The right to do something to a counter, perhaps as a member. */
export function counterNeed(
  action: Action,
  { subject, counter, definition }: NamedCounter,
  member?: string,
): Need {
  const open = action === 'admin' ? 'key' : definition.access[action];
  const isPublic = open === 'public';
  const isForVisitors = open === 'visitor';
  return { about: 'counter', action, subject, counter, member, isPublic, isForVisitors };
}

/**
 * @throws Problem key_required, visitor_required, invalid_key, pass_expired, forbidden, other_member,
 *   rate_limited; StoreUnavailableError
 */
export async function authorise({ access }: HttpRequest, need: Need): Promise<void> {
  const answer = await access.authorise(need);
  if (!answer.ok) throw accessProblem(answer);
}

/**
 * Counts what a request does for its caller, before it does it.
 *
 * @throws Problem rate_limited, request_too_heavy; StoreUnavailableError
 */
export async function charge({ access }: HttpRequest, work: Work): Promise<void> {
  const refusal = await access.charge(work);
  if (refusal) throw accessProblem(refusal);
}

/**
 * Counts the windows that a read takes for its caller, before they are read, where they are more than every
 * request counts for.
 *
 * @throws as `charge`
 */
export const chargeWindows =
  (request: HttpRequest) =>
  (windows: number): Promise<void> => {
    const items = windows * itemsOfWindow(request.counter().definition.kind);
    return charge(request, { reads: readWeight(items) - 1 });
  };

/** @throws Problem key_required, invalid_key, pass_expired, rate_limited; StoreUnavailableError */
export async function requireCaller({ access }: HttpRequest): Promise<Caller> {
  const answer = await access.caller();
  if (answer.ok) return answer;
  throw accessProblem(answer);
}

/**
 * Whether the caller has a right that the request can do without. Too many calls are not a missing
 * right: they end the request.
 *
 * @throws Problem rate_limited; StoreUnavailableError
 */
export async function may({ access }: HttpRequest, need: Need): Promise<boolean> {
  const answer = await access.authorise(need);
  if (!answer.ok && isLimit(answer)) throw accessProblem(answer);
  return answer.ok;
}

/**
 * An idempotency key with its sender; undefined for none.
 *
 * @throws Problem invalid_key, pass_expired, rate_limited; StoreUnavailableError
 */
export async function tokenWithSender(
  { access }: HttpRequest,
  text: string | undefined,
): Promise<Token | undefined> {
  if (text === undefined) return undefined;
  const answer = await access.sender();
  if (!answer.ok) throw accessProblem(answer);
  return { text, sender: answer.sender };
}

/** Whether a write may return the count. Callers without read access never see it. @throws as `may` */
export const mayRead = (request: HttpRequest, counter: NamedCounter): Promise<boolean> =>
  may(request, counterNeed('read', counter));

export function accessProblem(refusal: AccessRefusal | CallerRefusal): Problem {
  return new Problem(refusal.code, refusal.detail, { headers: headersOf(refusal) });
}

const unidentified: ReadonlySet<ProblemCode> = new Set([
  'key_required',
  'visitor_required',
  'invalid_key',
  'pass_expired',
]);

function headersOf(refusal: AccessRefusal): Record<string, string> {
  if (unidentified.has(refusal.code)) return { 'www-authenticate': 'Bearer' };
  if (refusal.code !== 'rate_limited') return {};
  return { 'retry-after': String(refusal.retryAfterSeconds), ...rateLimitHeaders(refusal) };
}
