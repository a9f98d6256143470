/**
 * From event to response: find the route, check the right, run the operation. Nothing is thrown from
 * here: every error becomes a problem document.
 */

import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Access, Need, RequestAccess, Work } from '../access/access.ts';
import type { TallyConfig } from '../counters/define-counters.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import { authorise, charge, counterNeed, requireCaller } from './authorise.ts';
import { callerAddress } from './caller-address.ts';
import { credentialOf, verifiedScopeClaim } from './credential.ts';
import type { HttpRequest } from './http-request.ts';
import type { Operation } from './operation.ts';
import { checkNames, parseCounter, parseSubject, parseUser } from './parse-names.ts';
import { Problem } from './problem.ts';
import { checkBodySize } from './read-body.ts';
import { type HttpResponse, noContent, problem } from './responses.ts';
import { jwtPrefix, matchRoute, type Right, type Route } from './routes.ts';

export interface AnswerOptions {
  readonly operations: ReadonlyMap<string, Operation>;
  readonly access: Access | undefined;
  readonly config: TallyConfig;
  readonly logError: (message: string, error: Error) => void;
}

export type Answer = (event: APIGatewayProxyEventV2, mediaType: string) => Promise<HttpResponse>;

export function createAnswer(options: AnswerOptions): Answer {
  return async (event, mediaType) => {
    const problemOf = (error: unknown) => asProblem(error, event, options.logError);
    try {
      return await answerRoute(options, { event, mediaType, problemOf });
    } catch (error) {
      return problem(problemOf(error));
    }
  };
}

async function answerRoute(
  { operations, access, config }: AnswerOptions,
  received: Pick<HttpRequest, 'event' | 'mediaType' | 'problemOf'>,
): Promise<HttpResponse> {
  const { event } = received;
  const { method } = event.requestContext.http;
  const match = matchRoute(method, pathOf(event));
  if (match.found === 'nothing') throw unknownPath();
  const headers = { allow: [...match.allowed, 'OPTIONS'].join(', ') };
  if (match.found === 'other_methods') {
    if (method === 'OPTIONS') return noContent(headers);
    throw new Problem('method_not_allowed', `This path takes ${headers.allow}.`, { headers });
  }
  const { route, params } = match;
  // API Gateway chooses the function by the path as it was sent, and hands it over decoded: `a%2Fb`, which
  // is no name, may look like the path of another function by then.
  const operation = operations.get(route.operation);
  if (!operation) throw unknownPath();
  checkNames(params, config);
  const address = callerAddress(event);
  const request: HttpRequest = {
    ...received,
    params,
    address,
    access: access?.(credentialOf(event), address) ?? noAccess,
    counter: once(() => parseCounter(params, config)),
  };
  const need = needOf(route.right, request);
  if (need) await authorise(request, need);
  if (route.right === 'key') await requireCaller(request);
  checkBodySize(event);
  const work = workOf(route);
  if (work) await charge(request, work);
  return operation(request);
}

const unknownPath = (): Problem => new Problem('unknown_path', 'No route has this path.');

/** A function that runs another one at its first call, and remembers the result. */
function once<T extends object>(run: () => T): () => T {
  let result: T | undefined;
  return () => {
    result ??= run();
    return result;
  };
}

/**
 * The path without the prefix of the routes for identity tokens: an authorizer of API Gateway is for
 * all requests to a route, so these have routes of their own. Browsers send a preflight (CORS)
 * without a token, past the authorizer.
 */
function pathOf(event: APIGatewayProxyEventV2): string {
  const { rawPath, requestContext } = event;
  const isTwin = rawPath.startsWith(`${jwtPrefix}/`);
  const isVerified =
    verifiedScopeClaim(event) !== undefined || requestContext.http.method === 'OPTIONS';
  return isTwin && isVerified ? rawPath.slice(jwtPrefix.length) : rawPath;
}

/** What every request to a route counts for; undefined if the operation counts its parts. */
function workOf({ right, servedBy }: Route): Work | undefined {
  if (right === 'none' || right === 'each') return undefined;
  return servedBy === 'write' ? { writes: 1 } : { reads: 1 };
}

/**
 * What a route needs of its caller; undefined if that is nothing, or if the operation checks it.
 * @throws Problem invalid_user, invalid_subject, unknown_counter
 */
function needOf(right: Right, { params, counter }: HttpRequest): Need | undefined {
  switch (right) {
    case 'none':
    case 'key':
    case 'each':
      return undefined;
    case 'deployment':
      return { about: 'deployment' };
    case 'user':
      return { about: 'user', user: parseUser(params.user) };
    case 'read':
    case 'write':
      return counterNeed(right, counter(), params.member);
    case 'admin':
      if (params.counter !== undefined) return counterNeed(right, counter());
      return { about: 'subject', action: right, subject: parseSubject(params.subject) };
  }
}

/** For a function that serves only what everybody may see. */
const noAccess: RequestAccess = {
  authorise: () => Promise.reject(new Error('this function cannot check rights')),
  caller: () => Promise.reject(new Error('this function cannot identify callers')),
  charge: () => Promise.reject(new Error('this function counts no callers')),
};

/**
 * Without an Idempotency-Key it has no `Retry-After`: clients that send a request again by themselves go by
 * that, and would count it twice.
 */
export function outcomeUnknown({ headers }: Pick<APIGatewayProxyEventV2, 'headers'>): Problem {
  const mayRepeat = headers['idempotency-key'] !== undefined;
  return new Problem(
    'outcome_unknown',
    mayRepeat
      ? 'The change may or may not have been counted. Send it again with the same Idempotency-Key: it counts once.'
      : 'The change may or may not have been counted, and without an Idempotency-Key it would count again. Read the count and decide.',
    { mayRepeat },
  );
}

/** The problem that an error is answered with. An error that is not the caller's is logged. */
function asProblem(
  error: unknown,
  event: APIGatewayProxyEventV2,
  logError: AnswerOptions['logError'],
): Problem {
  if (error instanceof Problem) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  logError('a request failed', cause);
  if (cause instanceof OutcomeUnknownError) return outcomeUnknown(event);
  if (cause instanceof StoreUnavailableError) {
    return new Problem('unavailable', 'The database does not answer; nothing was changed.');
  }
  return new Problem('internal_error', 'See the log of this request.', {
    members: { request_id: event.requestContext.requestId },
    mayRepeat: event.headers['idempotency-key'] !== undefined,
  });
}
