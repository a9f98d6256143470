/**
 * From event to response: find the route, check the right, run the operation. Nothing is thrown
 * from here: whatever goes wrong becomes a problem document.
 */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { TallyConfig } from '../counters/define-counters.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/counter-store.ts';
import type { Access, Need } from './access.ts';
import {
  type HttpRequest,
  type NamedCounter,
  parseCounter,
  parseSubject,
  parseUser,
} from './http-request.ts';
import { Problem } from './problems.ts';
import { type HttpResponse, noContent, problem } from './responses.ts';
import { type FunctionName, matchRoute, type OperationOf, type Right } from './routes.ts';

export type Operation = (request: HttpRequest) => Promise<HttpResponse>;
export type Operations<F extends FunctionName> = Readonly<Record<OperationOf<F>, Operation>>;

export interface AnswerOptions {
  readonly operations: Readonly<Partial<Record<string, Operation>>>;
  readonly access: Access;
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
  const match = matchRoute(method, event.rawPath);
  if (match.found === 'nothing') throw new Problem('unknown_path', 'No route has this path.');
  if (match.found === 'other_methods') {
    const headers = { allow: [...match.allowed, 'OPTIONS'].join(', ') };
    if (method === 'OPTIONS') return noContent(headers);
    throw new Problem('method_not_allowed', `This path takes ${headers.allow}.`, { headers });
  }
  const { route, params } = match;
  const authorise = (need: Need) => access.authorise(need, event.headers);
  if (route.right !== 'none' && route.right !== 'each') {
    await authorise(needOf(route.right, params, config));
  }
  const operation = operations[route.operation];
  if (!operation) throw new Error(`${route.operation} is served by another function`);
  return operation({ ...received, params, authorise });
}

/** @throws Problem invalid_user, invalid_subject, unknown_counter */
function needOf(
  right: Exclude<Right, 'none' | 'each'>,
  params: Readonly<Record<string, string>>,
  config: TallyConfig,
): Need {
  if (right === 'user') {
    const user = parseUser(params.user);
    const named = params.counter === undefined ? undefined : parseCounter(params, config);
    const { subject, counter } = named ?? {};
    return { right: 'read', subject, counter, user, isPublic: false };
  }
  if (params.counter !== undefined) return counterNeed(right, parseCounter(params, config));
  return { right, subject: parseSubject(params.subject), counter: undefined, isPublic: false };
}

/** What it takes to do something to a counter. */
export function counterNeed(
  right: Need['right'],
  { subject, counter, definition }: NamedCounter,
): Need {
  const isPublic = right !== 'admin' && definition.access[right] === 'public';
  return { right, subject, counter, isPublic };
}

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
