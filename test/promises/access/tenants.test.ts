/**
 * Tenants that share a deployment: the key of one can neither touch another's subjects nor learn
 * whether they exist. Not from an answer, and not from the time it takes either, because the table is
 * not asked.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { matchRoute } from '../../../functions/http/match-route.ts';
import type { HttpResponse } from '../../../functions/http/responses.ts';
import { defaultFunction, routes } from '../../../functions/http/routes.ts';
import { limits } from '../../../functions/rules/limits.ts';
import {
  admin,
  adminKey,
  get,
  type Headers,
  increment,
  makeKey,
  makePass,
} from '../../harness/access/callers.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import {
  type ApiRequest,
  apiEvent,
  bodyBytes,
  lambdaContext,
} from '../../harness/http/api-event.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import {
  createTallyUnderTest,
  keyed,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const counters = {
  likes: { kind: 'count', access: keyed },
  views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: keyed },
  stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
  orders: { kind: 'ticket', access: keyed },
  poll: { kind: 'reaction', choices: ['yes', 'no'], access: keyed },
  viewers: { kind: 'presence', access: keyed },
  visitors: { kind: 'unique', windows: ['day'], access: keyed },
  calls: { kind: 'limit', max: 100, perSeconds: 60, access: keyed },
} satisfies Parameters<typeof createTallyUnderTest>[0]['counters'];

/** A tenant with something in every kind of counter; nobody has ever heard of the other. */
const existing = 'resto-8';
const absent = 'resto-9';

let tally: TallyUnderTest;
let proxy: FaultProxy;
/** Sees the same table through the proxy. */
let watched: TallyUnderTest;
let tenants: Readonly<Record<'key' | 'ruler' | 'pass', Headers>>;
let before: unknown;

const withoutUse = async () => (await tally.items()).map(({ u: _, ...item }) => item);

beforeAll(async () => {
  tally = await createTallyUnderTest({ counters, adminKey });
  ({ tally: watched, proxy } = await createTallyBehindProxy({
    counters,
    adminKey,
    table: tally.table,
  }));
  const put = (path: string, body?: unknown) =>
    tally.send({ method: 'PUT', path, headers: admin, body });
  for (const counter of ['likes', 'views', 'stock']) {
    await tally.change(`${existing}/${counter}`, 5, { headers: admin, token: 'token' });
  }
  await put(`/v1/${existing}/settings`, { time_zone: 'Asia/Tokyo' });
  await put(`/v1/${existing}/poll/members/ada`, { choice: 'yes' });
  await put(`/v1/${existing}/viewers/members/ada`);
  await put(`/v1/${existing}/visitors/members/ada`);
  await put(`/v1/users/ada/subscriptions/${existing}/likes`);
  await tally.send({ ...increment(`/v1/${existing}/orders/tickets`, admin), method: 'POST' });
  await tally.send({ method: 'POST', path: `/v1/${existing}/calls/take`, headers: admin });
  await tally.settle();
  const scope = (action: 'read' | 'write' | 'admin') =>
    ({ actions: [action], subjects: ['resto-7', 'resto-7:*'] }) as const;
  const { headers } = await makeKey(tally, [scope('read'), scope('write')]);
  const { headers: ruler } = await makeKey(tally, [
    { actions: ['read', 'write', 'admin'], subjects: ['resto-7*'] },
  ]);
  const visitor = { member: 'ada', actions: ['read', 'write'], subject: 'resto-7' };
  tenants = { key: headers, ruler, pass: await makePass(tally, headers, visitor) };
  // From here on, nothing is looked up for the first time.
  for (const it of Object.values(tenants)) await watched.send(get('/v1/resto-7/likes', it));
  before = await withoutUse();
});
afterAll(() => proxy.stop());
beforeEach(() => proxy.forget());

const text = (response: HttpResponse) => ({
  status: response.statusCode,
  headers: response.headers,
  bytes: bodyBytes(response).toString('latin1'),
});

async function send(request: ApiRequest) {
  const match = matchRoute(request.method, request.path);
  const name = match.found === 'route' ? match.route.servedBy : defaultFunction;
  return text(await watched.handlers[name](apiEvent(request), lambdaContext()));
}

const subjectRoutes = routes.filter(
  ({ path, right }) => path.includes('{subject}') || right === 'each' || right === 'key',
);

/** A request to a route, about a subject that is put in later. */
const attempt = fc
  .record({
    route: fc.constantFrom(...subjectRoutes),
    tenant: fc.constantFrom('key', 'ruler', 'pass'),
    counter: fc.constantFrom(...Object.keys(counters)),
    member: fc.constantFrom('ada', 'bob'),
    body: fc.constantFrom<unknown[]>(
      undefined,
      '{',
      { action: 'increment' },
      { action: 'decrement', amount: 3 },
      { choice: 'yes' },
      { cost: 2 },
      { choice: 'none' },
      { time_zone: 'Europe/Berlin' },
      {},
    ),
    token: fc.constantFrom(undefined, 'token', 'new-token', 'a b'),
    query: fc.constantFrom<Record<string, string>[]>(
      {},
      { consistent: 'true' },
      { window: 'day' },
      { window: 'day', from: '2096-02-01', to: '2096-02-29' },
    ),
    accept: fc.constantFrom('application/json', 'text/html'),
    suffix: fc.constantFrom('', ':branch', 'x'),
  })
  .map(({ route, ...asked }) => (subject: string): ApiRequest => {
    const named = `${subject}${asked.suffix}`;
    const params: Record<string, string> = {
      subject: named,
      counter: asked.counter,
      member: asked.member,
      user: asked.member,
    };
    const about = { subject: named, counter: asked.counter };
    const bodies: Readonly<Record<string, unknown>> = {
      runBatch: {
        items: [
          { ...about, action: 'read' },
          { ...about, action: 'increment', idempotency_key: 'token' },
        ],
      },
      createPass: { member: asked.member, actions: ['read'], subject: named },
    };
    return {
      method: route.method,
      path: route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? ''),
      headers: {
        ...tenants[asked.tenant],
        accept: asked.accept,
        ...(asked.token === undefined ? {} : { 'idempotency-key': asked.token }),
      },
      query: asked.query,
      body: bodies[route.operation] ?? asked.body,
    };
  });

describe("a tenant's key", () => {
  test('gets the same answers, byte by byte, for a subject that exists and for one that does not', async () => {
    await fc.assert(
      fc.asyncProperty(attempt, async (requestAbout) => {
        const answers = [await send(requestAbout(existing)), await send(requestAbout(absent))];
        expect(answers[0]).toEqual(answers[1]);
        expect([200, 400, 401, 403, 404]).toContain(answers[0]?.status);
      }),
      { numRuns: 2_000 },
    );
  });

  test('never makes Tally ask the table about the subjects of others', async () => {
    await fc.assert(
      fc.asyncProperty(attempt, async (requestAbout) => {
        await send(requestAbout(existing));
        expect(JSON.stringify(proxy.requests.map(({ body }) => body))).not.toContain(existing);
      }),
      { numRuns: 500 },
    );
  });

  test('changes nothing of others, whatever it tries', async () => {
    await fc.assert(
      fc.asyncProperty(attempt, async (requestAbout) => {
        await send(requestAbout(existing));
        await send(requestAbout(absent));
      }),
      { numRuns: 1_000 },
    );
    await tally.settle();
    expect(await withoutUse()).toEqual(before);
  });

  test('is refused with the code that says so, where it has no right', async () => {
    const { key } = tenants;
    for (const subject of [existing, absent, 'resto-70', 'resto', 'resto-7x', '*', 'resto-7%2A']) {
      const { status, bytes } = await send(get(`/v1/${subject}/likes`, key));
      const isName = !/[*%]/.test(subject);
      expect([status, JSON.parse(bytes).code], subject).toEqual(
        isName ? [403, 'forbidden'] : [400, 'invalid_subject'],
      );
    }
    expect(await send(get('/v1/resto-7:branch/likes', key))).toMatchObject({ status: 200 });
  });

  test('does not learn whether others know a user', async () => {
    const { key } = tenants;
    const known = await send(get('/v1/users/ada/unread', key));
    expect(known).toMatchObject({
      status: 200,
      bytes: '{"count":0,"subscriptions":[],"next_cursor":null}',
    });
    expect(known).toEqual(await send(get('/v1/users/zoe/unread', key)));
    const markRead = (user: string): ApiRequest => ({
      method: 'POST',
      path: `/v1/users/${user}/unread/read`,
      headers: key,
    });
    expect(await send(markRead('ada'))).toEqual(await send(markRead('zoe')));
    expect(await withoutUse()).toEqual(before);
  });

  test('sees no keys, neither its own nor those of others', async () => {
    for (const headers of Object.values(tenants)) {
      for (const request of [
        get('/v1/keys', headers),
        { method: 'POST', path: '/v1/keys', headers, body: { scopes: [] } },
        { method: 'DELETE', path: '/v1/keys/0123456789abcdef', headers },
      ]) {
        expect(await send(request), request.method).toMatchObject({ status: 403 });
      }
    }
  });
});

test('the same Idempotency-Key of two tenants is two changes', async () => {
  const own = await createTallyUnderTest({ counters, adminKey });
  const both = (await makeKey(own, [{ actions: ['write'], subjects: ['*'] }])).headers;
  // A token may hold what separates the parts of a key, and names what comes before it.
  for (const token of ['same', 'resto-8#likes#same', 'likes#same', '#same']) {
    for (const counter of ['resto-7/likes', 'resto-8/likes', 'resto-7/views', 'resto-7:8/likes']) {
      const { status, headers } = await own.change(counter, 1, { headers: both, token });
      expect(status).toBe(204);
      expect(headers, `${token} ${counter}`).not.toHaveProperty('idempotency-replayed');
    }
  }
  const ledger = (await own.items()).filter(({ pk }) => String(pk).startsWith('e#'));
  expect(ledger).toHaveLength(16);
});

test("a user's subscriptions with one tenant do not show to another, nor by what its reads do", async () => {
  const { tally: guarded, proxy: between } = await createTallyBehindProxy({
    counters,
    adminKey,
    table: tally.table,
  });
  const own = await makeKey(guarded, [{ actions: ['read'], subjects: ['resto-7'] }]);
  const subscribe = (user: string, subject: string, headers: Headers) =>
    guarded.send({
      method: 'PUT',
      path: `/v1/users/${user}/subscriptions/${subject}/likes`,
      headers,
    });
  /** What the tenant sees of a user: the answer, and the calls that it takes. */
  const seen = async (user: string) => {
    between.forget();
    const { body } = await guarded.send(get(`/v1/users/${user}/unread`, own.headers));
    return { body, calls: between.forwarded() };
  };
  for (const user of ['guest', 'regular']) {
    expect(await subscribe(user, 'resto-7', own.headers)).toMatchObject({ status: 204 });
  }
  // The first call looks the key up.
  await seen('guest');
  const alone = await seen('guest');
  expect(alone.body).toMatchObject({ subscriptions: [{ subject: 'resto-7', counter: 'likes' }] });
  for (let index = 1; index < limits.subscriptions; index++) {
    expect(await subscribe('regular', `resto-8:${index}`, admin)).toMatchObject({ status: 204 });
  }
  expect(await seen('regular')).toEqual(alone);
  await between.stop();
});
