/**
 * The HTTP surface as data. API Gateway's routes, the local server, the OpenAPI document and the
 * dispatch inside a function are all derived from this table, so they cannot disagree.
 */
export type FunctionName = 'read' | 'write' | 'site';

/**
 * What a caller must be allowed to do.
 * - `none`: what everybody may see.
 * - `read`, `write`: on the counter in the path, which may be open to everybody.
 * - `admin`: on the counter or subject in the path.
 * - `user`: what belongs to a user. It takes a credential even where counters are public.
 * - `key`: anything, but only with a credential.
 * - `challenge`: to become a visitor; the operation asks newcomers to solve a challenge.
 * - `deployment`: everything there is.
 * - `each`: the operation handles several counters, and checks the right to each as soon as it knows
 *   them: if the path tells, before the query is parsed. Where the caller names the counters (a batch),
 *   one without the right has its refusal in its place. Where it does not (all counters of a subject),
 *   such a counter is left out, and if none remains, the request is refused like one for a single
 *   counter. An invalid credential is never taken for none: each counter that is not public refuses it.
 */
export type Right =
  | 'none'
  | 'read'
  | 'write'
  | 'admin'
  | 'deployment'
  | 'user'
  | 'key'
  | 'challenge'
  | 'each';

interface RouteShape {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** API Gateway's syntax: literal segments and `{parameter}` segments. */
  readonly path: `/${string}`;
  readonly operation: string;
  /** The function that serves the operation. */
  readonly servedBy: FunctionName;
  readonly right: Right;
  /** Parameters that the path does not carry. */
  readonly fixed?: Readonly<Record<string, string>>;
}

const table = [
  {
    method: 'GET',
    path: '/v1/health',
    operation: 'checkHealth',
    servedBy: 'read',
    right: 'none',
  },
  {
    method: 'GET',
    path: '/openapi.json',
    operation: 'showOpenApi',
    servedBy: 'site',
    right: 'none',
  },
  {
    method: 'GET',
    path: '/docs',
    operation: 'showDocs',
    servedBy: 'site',
    right: 'none',
  },
  {
    method: 'GET',
    path: '/docs/errors',
    operation: 'showErrors',
    servedBy: 'site',
    right: 'none',
  },
  {
    method: 'GET',
    path: '/assets/{asset}',
    operation: 'sendAsset',
    servedBy: 'site',
    right: 'none',
  },
  {
    method: 'GET',
    path: '/v1/{subject}',
    operation: 'readSubject',
    servedBy: 'read',
    right: 'each',
  },
  {
    method: 'GET',
    path: '/v1/{subject}/settings',
    operation: 'readSettings',
    servedBy: 'read',
    right: 'admin',
  },
  {
    method: 'PATCH',
    path: '/v1/{subject}/settings',
    operation: 'changeSettings',
    servedBy: 'write',
    right: 'admin',
  },
  {
    method: 'PUT',
    path: '/v1/{subject}/settings',
    operation: 'changeSettings',
    servedBy: 'write',
    right: 'admin',
  },
  {
    method: 'GET',
    path: '/v1/{subject}/{counter}',
    operation: 'readCounter',
    servedBy: 'read',
    right: 'read',
  },
  {
    method: 'PUT',
    path: '/v1/{subject}/{counter}',
    operation: 'changeCounter',
    servedBy: 'write',
    right: 'write',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}',
    operation: 'changeCounter',
    servedBy: 'write',
    right: 'write',
  },
  {
    method: 'GET',
    path: '/v1/{subject}/{counter}/history',
    operation: 'readHistory',
    servedBy: 'read',
    right: 'read',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}/reset',
    operation: 'resetCounter',
    servedBy: 'write',
    right: 'admin',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}/tickets',
    operation: 'drawTicket',
    servedBy: 'write',
    right: 'write',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}/take',
    operation: 'takeFromLimit',
    servedBy: 'write',
    right: 'write',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}/return',
    operation: 'returnToLimit',
    servedBy: 'write',
    right: 'write',
  },
  // A caller that asks where to listen leaves a mark in the table, so it takes the function that writes.
  {
    method: 'GET',
    path: '/v1/{subject}/{counter}/live',
    operation: 'findLiveUpdates',
    servedBy: 'write',
    right: 'read',
  },
  {
    method: 'GET',
    path: '/v1/{subject}/{counter}/members/{member}',
    operation: 'readMember',
    servedBy: 'read',
    right: 'read',
  },
  {
    method: 'PUT',
    path: '/v1/{subject}/{counter}/members/{member}',
    operation: 'setMember',
    servedBy: 'write',
    right: 'write',
  },
  {
    method: 'DELETE',
    path: '/v1/{subject}/{counter}/members/{member}',
    operation: 'removeMember',
    servedBy: 'write',
    right: 'write',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}/members/{member}/leave',
    operation: 'leave',
    servedBy: 'write',
    right: 'write',
  },
  {
    method: 'GET',
    path: '/v1/users/{user}/unread',
    operation: 'readUnread',
    servedBy: 'read',
    right: 'user',
  },
  {
    method: 'POST',
    path: '/v1/users/{user}/unread/read',
    operation: 'markRead',
    servedBy: 'write',
    right: 'user',
  },
  {
    method: 'PUT',
    path: '/v1/users/{user}/subscriptions/{subject}/{counter}',
    operation: 'subscribe',
    servedBy: 'write',
    right: 'user',
  },
  {
    method: 'DELETE',
    path: '/v1/users/{user}/subscriptions/{subject}/{counter}',
    operation: 'unsubscribe',
    servedBy: 'write',
    right: 'user',
  },
  {
    method: 'POST',
    path: '/v1/batch',
    operation: 'runBatch',
    servedBy: 'write',
    right: 'each',
  },
  {
    method: 'POST',
    path: '/v1/keys',
    operation: 'createKey',
    servedBy: 'write',
    right: 'deployment',
  },
  {
    method: 'GET',
    path: '/v1/keys',
    operation: 'listKeys',
    servedBy: 'write',
    right: 'deployment',
  },
  {
    method: 'DELETE',
    path: '/v1/keys/{key}',
    operation: 'revokeKey',
    servedBy: 'write',
    right: 'deployment',
  },
  {
    method: 'POST',
    path: '/v1/passes',
    operation: 'createPass',
    servedBy: 'write',
    right: 'key',
  },
  {
    method: 'POST',
    path: '/v1/visitors',
    operation: 'becomeVisitor',
    servedBy: 'write',
    right: 'challenge',
  },
  {
    method: 'GET',
    path: '/{subject}/counter',
    operation: 'readCounter',
    servedBy: 'read',
    right: 'read',
    fixed: { counter: 'counter' },
  },
  {
    method: 'PUT',
    path: '/{subject}/counter',
    operation: 'changeCounter',
    servedBy: 'write',
    right: 'write',
    fixed: { counter: 'counter' },
  },
  {
    method: 'POST',
    path: '/{subject}/counter',
    operation: 'changeCounter',
    servedBy: 'write',
    right: 'write',
    fixed: { counter: 'counter' },
  },
] as const satisfies readonly RouteShape[];

export type OperationName = (typeof table)[number]['operation'];
/** The operations that a function serves. */
export type OperationOf<F extends FunctionName> = Extract<
  (typeof table)[number],
  { servedBy: F }
>['operation'];

export interface Route extends RouteShape {
  readonly operation: OperationName;
}

export const routes: readonly Route[] = table;

/**
 * Twins of these routes, for identity tokens in a deployment that has an identity provider: API Gateway
 * verifies the identity token, and refuses requests without one.
 */
export const jwtPrefix = '/jwt';

/** The function that gets every request without a route, to answer 404, 405 or CORS. */
export const defaultFunction: FunctionName = 'read';

/** HEAD is answered wherever GET is: the same, and the server leaves the body out. */
export const methodsOf = ({
  method,
}: Pick<Route, 'method'>): readonly (RouteShape['method'] | 'HEAD')[] =>
  method === 'GET' ? ['GET', 'HEAD'] : [method];
