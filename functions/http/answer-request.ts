/**
 * From event to response: find the route, check the right, run the operation. Nothing is thrown
 * from here: whatever goes wrong becomes a problem document.
 */

import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type Access, claimsOf, type Need, type RequestAccess } from '../access/access.ts';
import type { TallyConfig } from '../counters/define-counters.ts';
import type { NamedCounter } from '../counters/named-counter.ts';
import type { Action } from '../rules/scopes.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import {
  checkBodySize,
  type HttpRequest,
  parseCounter,
  parseSubject,
  parseUser,
} from './http-request.ts';
import { Problem } from './problem.ts';
import { type HttpResponse, noContent, problem } from './responses.ts';
import {
  type FunctionName,
  jwtPrefix,
  matchRoute,
  type OperationOf,
  type Right,
} from './routes.ts';

export type Operation = (request: HttpRequest) => Promise<HttpResponse>;
export type Operations<F extends FunctionName> = Readonly<Record<OperationOf<F>, Operation>>;

export interface AnswerOptions {
  readonly operations: Readonly<Partial<Record<string, Operation>>>;
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
  const match = matchRoute(method === 'HEAD' ? 'GET' : method, pathOf(event));
  if (match.found === 'nothing') throw new Problem('unknown_path', 'No route has this path.');
  const headers = { allow: [...match.allowed, 'OPTIONS'].join(', ') };
  if (match.found === 'other_methods') {
    if (method === 'OPTIONS') return noContent(headers);
    throw refuseMethod(headers);
  }
  const { route, params } = match;
  const requestAccess = access?.(event) ?? noAccess;
  const need = needOf(route.right, params, config);
  if (need) await requestAccess.authorise(need);
  if (route.right === 'key') await requestAccess.caller();
  checkBodySize(event);
  const operation = operations[route.operation];
  if (!operation) {
    // API Gateway has no HEAD of its own: it comes to the function of all that has no route.
    if (method === 'HEAD') throw refuseMethod(headers);
    throw new Error(`${route.operation} is served by another function`);
  }
  return operation({ ...received, params, access: requestAccess });
}

const refuseMethod = (headers: { readonly allow: string }): Problem =>
  new Problem('method_not_allowed', `This path takes ${headers.allow}.`, { headers });

/**
 * An authorizer of API Gateway is for every request to a route, so verified tokens have routes of
 * their own. Browsers ask about these (CORS) before they send a token, past the authorizer.
 */
function pathOf(event: APIGatewayProxyEventV2): string {
  const { rawPath, requestContext } = event;
  const isTwin = rawPath.startsWith(`${jwtPrefix}/`) && rawPath !== `${jwtPrefix}/counter`;
  const isVerified = claimsOf(event) !== undefined || requestContext.http.method === 'OPTIONS';
  return isTwin && isVerified ? rawPath.slice(jwtPrefix.length) : rawPath;
}

type Params = Readonly<Record<string, string>>;

/**
 * What a route needs of its caller; undefined if that is nothing, or known to the operation alone.
 * @throws Problem invalid_user, invalid_subject, unknown_counter
 */
function needOf(right: Right, params: Params, config: TallyConfig): Need | undefined {
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
      return counterNeed(right, parseCounter(params, config), params.member);
    case 'admin':
      if (params.counter !== undefined) return counterNeed(right, parseCounter(params, config));
      return { about: 'subject', action: right, subject: parseSubject(params.subject) };
  }
}

/** What it takes to do something to a counter, perhaps as a member. */
export function counterNeed(
  action: Action,
  { subject, counter, definition }: NamedCounter,
  member?: string,
): Need {
  const isPublic = action !== 'admin' && definition.access[action] === 'public';
  return { about: 'counter', action, subject, counter, member, isPublic };
}

/** Whether the caller has a right that it can do without. @throws StoreUnavailableError */
export async function isGranted(access: RequestAccess, need: Need): Promise<boolean> {
  try {
    await access.authorise(need);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** Whether the caller of a write may be told the count: who may only write learns nothing of it. */
export const isReader = ({ access }: HttpRequest, named: NamedCounter): Promise<boolean> =>
  isGranted(access, counterNeed('read', named));

/** Of a function that serves only what everybody may see. */
const noAccess: RequestAccess = {
  authorise: () => Promise.reject(new Error('this function cannot check rights')),
  caller: () => Promise.reject(new Error('this function cannot tell who calls')),
};

/** What an error means to the caller; one that is nobody's mistake is logged. */
function asProblem(
  error: unknown,
  event: APIGatewayProxyEventV2,
  logError: AnswerOptions['logError'],
): Problem {
  if (error instanceof Problem) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  logError('a request failed', cause);
  if (cause instanceof OutcomeUnknownError) {
    return new Problem(
      'outcome_unknown',
      'The change may or may not have been counted. With an Idempotency-Key, send it again with the same key: it counts once.',
    );
  }
  if (cause instanceof StoreUnavailableError) {
    return new Problem('unavailable', 'The database does not answer; nothing was changed.');
  }
  return new Problem('internal_error', 'See the log of this request.', {
    members: { request_id: event.requestContext.requestId },
  });
}
