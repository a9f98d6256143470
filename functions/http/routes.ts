/**
 * The HTTP surface as data. API Gateway's routes, the local server, the OpenAPI document and the
 * dispatch inside a function are all derived from this table, so they cannot disagree.
 */
export type FunctionName = 'read' | 'write' | 'site';

/**
 * What a caller must be allowed to do; `none` is for what everybody may see. `admin` is of the subject
 * or counter in the path, `deployment` of everything there is. A `user`'s own things take a key even
 * where the counters are public, and so do things that are made with a `key`. In a batch, `each` item
 * needs the right of the route that it stands for.
 */
export type Right = 'none' | 'read' | 'write' | 'admin' | 'deployment' | 'user' | 'key' | 'each';

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** API Gateway's syntax: literal segments and `{parameter}` segments. */
  readonly path: `/${string}`;
  readonly operation: OperationName;
  readonly right: Right;
  /** Path parameters that the path does not carry. */
  readonly fixed?: Readonly<Record<string, string>>;
}

/** Every operation and the function that serves it. */
export const operations = {
  readCounter: 'read',
  readHistory: 'read',
  changeCounter: 'write',
  resetCounter: 'write',
  drawTicket: 'write',
  readMember: 'read',
  setMember: 'write',
  removeMember: 'write',
  leave: 'write',
  readUnread: 'read',
  markRead: 'write',
  subscribe: 'write',
  unsubscribe: 'write',
  createKey: 'write',
  listKeys: 'write',
  revokeKey: 'write',
  createPass: 'write',
  readSettings: 'read',
  changeSettings: 'write',
  runBatch: 'write',
  /** Asking where to listen leaves a mark, so it takes the function that may write. */
  findLiveUpdates: 'write',
  checkHealth: 'read',
  showOpenApi: 'site',
  showDocs: 'site',
  showErrors: 'site',
  sendAsset: 'site',
} as const satisfies Record<string, FunctionName>;

export type OperationName = keyof typeof operations;
export type OperationOf<F extends FunctionName> = {
  [O in OperationName]: (typeof operations)[O] extends F ? O : never;
}[OperationName];

export const routes: readonly Route[] = [
  { method: 'GET', path: '/v1/health', operation: 'checkHealth', right: 'none' },
  { method: 'GET', path: '/openapi.json', operation: 'showOpenApi', right: 'none' },
  { method: 'GET', path: '/docs', operation: 'showDocs', right: 'none' },
  { method: 'GET', path: '/docs/errors', operation: 'showErrors', right: 'none' },
  { method: 'GET', path: '/assets/{asset}', operation: 'sendAsset', right: 'none' },
  { method: 'GET', path: '/v1/{subject}/{counter}', operation: 'readCounter', right: 'read' },
  { method: 'PUT', path: '/v1/{subject}/{counter}', operation: 'changeCounter', right: 'write' },
  { method: 'GET', path: '/v1/{subject}/settings', operation: 'readSettings', right: 'admin' },
  { method: 'PUT', path: '/v1/{subject}/settings', operation: 'changeSettings', right: 'admin' },
  { method: 'POST', path: '/v1/keys', operation: 'createKey', right: 'deployment' },
  { method: 'GET', path: '/v1/keys', operation: 'listKeys', right: 'deployment' },
  { method: 'DELETE', path: '/v1/keys/{key}', operation: 'revokeKey', right: 'deployment' },
  { method: 'POST', path: '/v1/passes', operation: 'createPass', right: 'key' },
  { method: 'POST', path: '/v1/batch', operation: 'runBatch', right: 'each' },
  {
    method: 'GET',
    path: '/v1/{subject}/{counter}/history',
    operation: 'readHistory',
    right: 'read',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}/reset',
    operation: 'resetCounter',
    right: 'admin',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}/tickets',
    operation: 'drawTicket',
    right: 'write',
  },
  {
    method: 'PUT',
    path: '/v1/{subject}/{counter}/members/{member}',
    operation: 'setMember',
    right: 'write',
  },
  {
    method: 'GET',
    path: '/v1/{subject}/{counter}/members/{member}',
    operation: 'readMember',
    right: 'read',
  },
  {
    method: 'DELETE',
    path: '/v1/{subject}/{counter}/members/{member}',
    operation: 'removeMember',
    right: 'write',
  },
  {
    method: 'POST',
    path: '/v1/{subject}/{counter}/members/{member}/leave',
    operation: 'leave',
    right: 'write',
  },
  { method: 'GET', path: '/v1/users/{user}/unread', operation: 'readUnread', right: 'user' },
  { method: 'POST', path: '/v1/users/{user}/unread/read', operation: 'markRead', right: 'user' },
  {
    method: 'PUT',
    path: '/v1/users/{user}/subscriptions/{subject}/{counter}',
    operation: 'subscribe',
    right: 'user',
  },
  {
    method: 'DELETE',
    path: '/v1/users/{user}/subscriptions/{subject}/{counter}',
    operation: 'unsubscribe',
    right: 'user',
  },
  {
    method: 'GET',
    path: '/v1/{subject}/{counter}/live',
    operation: 'findLiveUpdates',
    right: 'read',
  },
  {
    method: 'GET',
    path: '/{subject}/counter',
    operation: 'readCounter',
    right: 'read',
    fixed: { counter: 'counter' },
  },
  {
    method: 'PUT',
    path: '/{subject}/counter',
    operation: 'changeCounter',
    right: 'write',
    fixed: { counter: 'counter' },
  },
];

/**
 * Where the same routes are for those who come with a token of an identity provider, in a deployment
 * that has one: API Gateway verifies it, and refuses requests without one.
 */
export const jwtPrefix = '/jwt';

/** The function that also gets every request no route is written for, to answer 404, 405 or CORS. */
export const defaultFunction: FunctionName = 'read';

export type RouteMatch =
  | {
      readonly found: 'route';
      readonly route: Route;
      readonly params: Record<string, string>;
      /** The methods that the path takes. */
      readonly allowed: readonly string[];
    }
  | { readonly found: 'other_methods'; readonly allowed: readonly string[] }
  | { readonly found: 'nothing' };

/** Finds the route of a request. Literal segments win over parameters, as in API Gateway. */
export function matchRoute(method: string, path: string): RouteMatch {
  const segments = path.split('/').slice(1);
  const fitting = routes
    .flatMap((route) => {
      const params = matchPath(route.path, segments);
      return params ? [{ route, params: { ...params, ...route.fixed } }] : [];
    })
    .toSorted((a, b) => Object.keys(a.params).length - Object.keys(b.params).length);
  if (fitting.length === 0) return { found: 'nothing' };
  const allowed = [...new Set(fitting.map(({ route }) => route.method))];
  const match = fitting.find(({ route }) => route.method === method);
  return match ? { found: 'route', ...match, allowed } : { found: 'other_methods', allowed };
}

function matchPath(pattern: string, segments: readonly string[]): Record<string, string> | null {
  const parts = pattern.split('/').slice(1);
  if (parts.length !== segments.length) return null;
  const params: Record<string, string> = Object.create(null);
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{')) params[part.slice(1, -1)] = decodeSegment(segment);
    else if (part !== segment) return null;
  }
  return params;
}

/** A segment that is not valid percent-encoding stays as it came; no name contains `%`. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
