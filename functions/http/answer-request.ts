/**
 * From event to response: find the route, check the right, run the operation. Nothing is thrown from
 * here: every error becomes a problem document.
 */

import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Access, Need, RequestAccess, Work } from '../access/access.ts';
import { ChallengeUnavailableError } from '../access/challenges/challenge.ts';
import type { TallyConfig } from '../counters/define-counters.ts';
import { createOriginRule, type OriginRule } from '../rules/origins.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import { authorise, charge, counterNeed, requireCaller } from './authorise.ts';
import { callerAddress } from './caller-address.ts';
import { credentialOf, verifiedScopeClaim } from './credential.ts';
import type { HttpRequest } from './http-request.ts';
import { matchRoute } from './match-route.ts';
import { nameMe } from './name-me.ts';
import type { Operation } from './operation.ts';
import { checkNames, parseCounter, parseSubject, parseUser } from './parse-names.ts';
import { Problem } from './problem.ts';
import { checkBodySize } from './read-body.ts';
import { type HttpResponse, noContent, problem } from './responses.ts';
import { jwtPrefix, type Right, type Route } from './routes.ts';

export interface AnswerOptions {
  readonly operations: ReadonlyMap<string, Operation>;
  readonly access: Access | undefined;
  readonly config: TallyConfig;
  readonly logError: (message: string, error: Error) => void;
}

export type Answer = (event: APIGatewayProxyEventV2, mediaType: string) => Promise<HttpResponse>;

export function createAnswer(options: AnswerOptions): Answer {
  const originRule = createOriginRule(options.config.settings.corsOrigins);
  return async (event, mediaType) => {
    const progress = { isRepeatable: true };
    const problemOf = (error: unknown, isRepeatable = progress.isRepeatable) =>
      asProblem(error, { event, isRepeatable, logError: options.logError });
    try {
      return await answerRoute(
        { ...options, originRule },
        { event, mediaType, progress, problemOf },
      );
    } catch (error) {
      return problem(problemOf(error));
    }
  };
}

async function answerRoute(
  { operations, access, config, originRule }: AnswerOptions & { readonly originRule: OriginRule },
  received: Pick<HttpRequest, 'event' | 'mediaType' | 'progress' | 'problemOf'>,
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
  const { route } = match;
  // API Gateway chooses the function by the path as it was sent, and hands it over decoded: `a%2Fb`, which
  // is no name, may look like the path of another function by then.
  const operation = operations.get(route.operation);
  if (!operation) throw unknownPath();
  if (route.servedBy === 'write') checkOrigin(event, originRule);
  checkNames(match.params, config);
  const address = callerAddress(event);
  const counter = once(() => parseCounter(match.params, config));
  const requestAccess = access?.(credentialOf(event), address) ?? noAccess;
  const request: HttpRequest = {
    ...received,
    params: await nameMe(match.params, { access: requestAccess, counter }),
    address,
    access: requestAccess,
    counter,
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

/** A page of a foreign origin may not write, even where its browser sends the request. @throws Problem */
function checkOrigin({ headers }: APIGatewayProxyEventV2, isAllowed: OriginRule): void {
  const { origin, 'sec-fetch-site': fetchSite } = headers;
  if (isAllowed({ origin, fetchSite })) return;
  throw new Problem(
    'origin_not_allowed',
    `Pages of ${origin ?? 'other sites'} may not write here.`,
  );
}

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
    case 'challenge':
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
  sender: () => Promise.reject(new Error('this function cannot identify callers')),
  charge: () => Promise.reject(new Error('this function counts no callers')),
};

/**
 * A change that would count again has no `Retry-After`: clients that send a request again by themselves go
 * by that.
 */
export const outcomeUnknown = (isRepeatable: boolean): Problem =>
  new Problem(
    'outcome_unknown',
    isRepeatable
      ? 'The change may or may not have been made. Send the same request again, with the same Idempotency-Key if it had one: it counts once.'
      : 'The change may or may not have been counted, and without an Idempotency-Key it may count again. Read the count and decide.',
    { mayRepeat: isRepeatable },
  );

/** The problem that an error is answered with. An error that is not the caller's is logged. */
function asProblem(
  error: unknown,
  {
    event,
    isRepeatable,
    logError,
  }: Pick<AnswerOptions, 'logError'> & { event: APIGatewayProxyEventV2; isRepeatable: boolean },
): Problem {
  if (error instanceof Problem) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  logError('a request failed', cause);
  if (cause instanceof OutcomeUnknownError) return outcomeUnknown(isRepeatable);
  if (cause instanceof ChallengeUnavailableError) {
    return new Problem('challenge_unavailable', 'Try again in a moment, with a new solution.');
  }
  if (cause instanceof StoreUnavailableError) {
    return new Problem('unavailable', 'The database does not answer; nothing was changed.');
  }
  return new Problem('internal_error', 'See the log of this request.', {
    members: { request_id: event.requestContext.requestId },
    mayRepeat: isRepeatable,
  });
}
