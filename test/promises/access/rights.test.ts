/** Every route against every kind of caller. */
import { beforeAll, describe, expect, test } from 'vitest';
import type {
  CounterInput,
  TicketDefinition,
} from '../../../functions/counters/define-counters.ts';
import { type OperationName, type Route, routes } from '../../../functions/http/routes.ts';
import {
  admin,
  adminKey,
  type Headers,
  makeKey,
  makePass,
  nobody,
} from '../../harness/access/callers.ts';
import {
  isEachOperation,
  partRightOf,
  rightOf,
  type SingleRight,
} from '../../harness/access/operation-rules.ts';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

/** Bodies that the operations would accept. */
const bodies: Readonly<Partial<Record<OperationName, unknown>>> = {
  changeCounter: { action: 'increment' },
  returnToLimit: { cost: 1 },
  setMember: { choice: 'yes' },
  changeSettings: { time_zone: 'Europe/Berlin' },
  createPass: { member: 'ada', actions: ['read'], subject: 'resto-7' },
  createKey: { scopes: [{ actions: ['read'], subjects: ['resto-7'] }] },
  runBatch: { items: [{ subject: 'resto-7', counter: 'counter', action: 'increment' }] },
};

/** A counter of the kind that an operation is about. */
const counterOf = (operation: OperationName): string => {
  if (operation === 'drawTicket') return 'orders';
  if (operation === 'leave') return 'viewers';
  if (operation.endsWith('Limit')) return 'calls';
  return /Member/.test(operation) ? 'poll' : 'counter';
};

function requestTo({ method, path, operation }: Route, headers: Headers): ApiRequest {
  const params: Record<string, string> = {
    subject: 'resto-7',
    counter: counterOf(operation),
    member: 'ada',
    user: 'ada',
    key: 'nosuchkey',
    asset: 'swagger-ui.css',
  };
  const body = bodies[operation];
  return {
    method,
    path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? ''),
    headers,
    query:
      operation === 'readHistory' ? { window: 'day', from: '2096-02-01', to: '2096-02-02' } : {},
    ...(body === undefined ? {} : { body }),
  };
}

const kinds = (access: TicketDefinition['access']): Record<string, CounterInput> => ({
  counter: { kind: 'count', windows: ['all', 'day'], access },
  orders: { kind: 'ticket', access },
  poll: { kind: 'reaction', choices: ['yes', 'no'], access },
  viewers: { kind: 'presence', access },
  calls: { kind: 'limit', max: 100, perSeconds: 60, access },
});

const callers = ['nobody', 'reader', 'writer', 'ruler', 'tenant', 'visitor', 'operator'] as const;
type Caller = (typeof callers)[number];

/** Which callers a right lets through, where the counters themselves take a key. */
const allowed: Readonly<Record<SingleRight, readonly Caller[]>> = {
  none: callers,
  read: ['reader', 'visitor', 'operator'],
  write: ['writer', 'visitor', 'operator'],
  admin: ['ruler', 'operator'],
  user: ['reader', 'visitor', 'operator'],
  key: ['reader', 'operator'],
  // Those who have a credential need not become visitors.
  challenge: ['nobody'],
  deployment: ['operator'],
};

let tally: TallyUnderTest;
let headersOf: Readonly<Record<Caller, Headers>>;

beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: kinds(keyed),
    settings: { visitors: { challenge: { type: 'none' } } },
    adminKey,
  });
  const holding = async (action: 'read' | 'write' | 'admin', subject: string) =>
    (await makeKey(tally, [{ actions: [action], subjects: [subject] }])).headers;
  const all = { actions: ['read', 'write', 'admin'], subjects: ['resto-8', 'resto-7:*'] } as const;
  headersOf = {
    nobody,
    reader: await holding('read', 'resto-7'),
    writer: await holding('write', 'resto-7'),
    ruler: await holding('admin', 'resto-7'),
    tenant: (await makeKey(tally, [all])).headers,
    visitor: await makePass(tally, admin, {
      member: 'ada',
      actions: ['read', 'write'],
      subject: 'resto-7',
    }),
    operator: admin,
  };
});

test('every route states the right that its operation takes', () => {
  const stated = routes.map(({ operation, right }) => [operation, right]);
  expect(stated).toEqual(routes.map(({ operation }) => [operation, rightOf[operation]]));
  for (const { right, method } of routes) {
    // Nothing that everybody may do changes anything.
    if (right === 'none') expect(method).toBe('GET');
  }
});

test('no route can be written without a right', () => {
  const { right: _, ...withoutRight } = routes[0] as Route;
  // @ts-expect-error a route without a right is not a route
  const route: Route = withoutRight;
  expect(route).not.toHaveProperty('right');
});

const named = routes.map((route) => [`${route.method} ${route.path}`, route] as const);

describe.each(named)('%s', (_, route) => {
  const { operation } = route;
  const right = isEachOperation(operation) ? partRightOf[operation] : rightOf[operation];

  test.each(callers)('lets callers with the right through, and nobody else: %s', async (caller) => {
    const before = withoutUse(await tally.items());
    const answer = await tally.send(requestTo(route, headersOf[caller]));
    const [item = answer] = (answer.body as { results?: { status: number }[] }).results ?? [];
    if (allowed[right].includes(caller)) {
      // There is no such key.
      const done = route.operation === 'revokeKey' ? [404] : [200, 201, 204];
      expect(done).toContain(item.status);
      return;
    }
    // What a user has not read is shown to any reader, as far as it may read: here that is nothing.
    const seesNothing = caller === 'tenant' && /unread/.test(route.path);
    if (seesNothing)
      expect(answer.body).toEqual({ count: 0, subscriptions: [], next_cursor: null });
    else expect(item.status).toBe(caller === 'nobody' ? 401 : 403);
    expect(withoutUse(await tally.items())).toEqual(before);
  });
});

/** Leaves out the day that a key was last used, which is noted whatever it asks. */
const withoutUse = (items: Record<string, unknown>[]) => items.filter(({ pk }) => pk !== 'y#');

test('HEAD takes the right of GET', async () => {
  for (const [headers, status] of [
    [nobody, 401],
    [headersOf.tenant, 403],
    [headersOf.reader, 200],
  ] as const) {
    const request = { path: '/v1/resto-7/counter', headers };
    const head = await tally.send({ method: 'HEAD', ...request });
    expect(head.status).toBe(status);
    expect(head).toEqual(await tally.send({ method: 'GET', ...request }));
  }
});

describe('where counters are open', () => {
  test.each(
    named.filter(([, { right }]) => ['admin', 'user', 'key', 'deployment'].includes(right)),
  )('%s takes a key all the same', async (_, route) => {
    const unlocked = await createTallyUnderTest({ counters: kinds(open), adminKey });
    expect(await unlocked.send(requestTo(route, nobody))).toMatchObject({
      status: 401,
      body: { code: 'key_required' },
    });
    expect(await unlocked.items()).toEqual([]);
  });

  test('reading may be open where writing is not, and the other way round', async () => {
    const half = await createTallyUnderTest({
      counters: {
        counter: { kind: 'count', access: { read: 'public', write: 'key' } },
        box: { kind: 'count', access: { read: 'key', write: 'public' } },
      },
      adminKey,
    });
    expect(await half.read('resto-7/counter')).toMatchObject({ status: 200 });
    expect(await half.change('resto-7/counter', 1)).toMatchObject({ status: 401 });
    expect(await half.read('resto-7/box')).toMatchObject({ status: 401 });
    expect(await half.change('resto-7/box', 1)).toMatchObject({ status: 204 });
  });
});
