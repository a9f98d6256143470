/** What people try on a service that everybody can reach, and what becomes of it. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../../functions/http/routes.ts';
import { limits } from '../../../functions/rules/limits.ts';
import {
  admin,
  adminKey,
  bearer,
  get,
  increment,
  makeKey,
  makePass,
  nobody,
} from '../../harness/access/callers.ts';
import { uuidV7 } from '../../harness/counts/uuid-v7.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const counters = {
  counter: { kind: 'count', access: open },
  likes: { kind: 'count', access: open },
  views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: open },
  stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
  orders: { kind: 'ticket', access: open },
  poll: { kind: 'reaction', choices: ['yes', 'no'], access: open },
  viewers: { kind: 'presence', access: open },
  visitors: { kind: 'unique', windows: ['day'], access: open },
} satisfies Parameters<typeof createTallyUnderTest>[0]['counters'];

let tally: TallyUnderTest;
let proxy: FaultProxy;
beforeEach(async () => {
  const { table } = await createTallyUnderTest({ counters });
  ({ tally, proxy } = await createTallyBehindProxy({
    counters,
    adminKey,
    table,
    proxyRandom: seededRandom(3),
  }));
});
afterEach(() => proxy.stop());

describe('a change that is sent again', () => {
  test('is refused once its token may be forgotten, if the token carries its time', async () => {
    const token = uuidV7(tally.clock.now());
    expect(await tally.change('post/likes', 1, { token })).toMatchObject({ status: 200 });
    tally.clock.advance(limits.tokenHours * 3_600_000 + 1);
    for (const counter of ['post/likes', 'post/views', 'other/likes']) {
      expect(await tally.change(counter, 1, { token })).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_expired' },
      });
    }
    expect(await tally.read('post/likes')).toMatchObject({ body: { count: 1 } });
  });

  test('with another amount is refused, and counts nothing', async () => {
    await tally.change('post/likes', 1, { token: 'token' });
    expect(await tally.change('post/likes', 1_000, { token: 'token' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    expect(await tally.read('post/likes')).toMatchObject({ body: { count: 1 } });
  });
});

const plainName = /^(?!\.)[A-Za-z0-9._:~@+|!#$&'=?^{}-]*$/;

/** Pieces that could make a name mean something else in a key, a path or a page. */
const hostileName = fc
  .array(
    fc.constantFrom(
      '#',
      '/',
      '%',
      '%23',
      '%2f',
      '..',
      '\0',
      '\n',
      '*',
      '<b>',
      '"',
      "'",
      'a',
      'é',
      '-',
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''))
  .filter((name) => !plainName.test(name));

describe('a name', () => {
  test('that could stand for another is refused: every part of a key in the table is a name', async () => {
    // A plain `%23` in a path is a `#`, which a name may have.
    const segment = fc
      .tuple(hostileName, fc.boolean())
      .map(([name, encoded]) => (encoded ? encodeURIComponent(name) : name))
      .filter((name) => !plainName.test(name.replaceAll('%23', '#')));
    const requests = fc
      .tuple(segment, fc.constantFrom(...Object.keys(counters)), hostileName)
      .map(([name, counter, plain]): ApiRequest[] => [
        increment(`/v1/${name}/${counter}`, admin),
        increment(`/${name}/counter`),
        { ...increment(`/v1/post/poll/members/${name}`), body: { choice: 'yes' } },
        { ...increment('/v1/post/poll/members/ada'), body: { choice: plain } },
        { method: 'PUT', path: `/v1/post/viewers/members/${name}` },
        { method: 'PUT', path: `/v1/${name}/settings`, headers: admin, body: { time_zone: 'UTC' } },
        { method: 'PUT', path: `/v1/users/${name}/subscriptions/post/likes`, headers: admin },
        { method: 'PUT', path: `/v1/users/ada/subscriptions/${name}/likes`, headers: admin },
        {
          method: 'POST',
          path: '/v1/batch',
          body: { items: [{ subject: plain, counter, action: 'increment' }] },
        },
        {
          method: 'POST',
          path: '/v1/passes',
          headers: admin,
          body: { member: plain, actions: ['read'], subject: 'post' },
        },
      ]);
    await fc.assert(
      fc.asyncProperty(requests, async (all) => {
        for (const request of all) {
          const { status, body } = await tally.send(request);
          const results = (body as { results?: { status: number }[] }).results ?? [{ status }];
          for (const result of results) expect([400, 404, 405]).toContain(result.status);
        }
      }),
      { numRuns: 150 },
    );
    expect(await tally.items()).toEqual([]);
    expect(tally.errors).toEqual([]);
  });

  test('that every object has as a property is a name like any other, and pollutes no object', async () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const polluted =
      '{"__proto__":{"amount":7,"isAdmin":true},"constructor":{"prototype":{"x":1}}}';
    const requests: ApiRequest[] = [
      { ...increment('/v1/post/likes'), body: `{"action":"increment",${polluted.slice(1)}` },
      { method: 'POST', path: '/v1/batch', body: `{"items":[${polluted}],"__proto__":[]}` },
      { method: 'POST', path: '/v1/keys', headers: admin, body: `{"scopes":[${polluted}]}` },
      { method: 'POST', path: '/v1/passes', headers: admin, body: polluted },
      get('/v1/post/__proto__'),
      get('/v1/post/constructor'),
      get('/assets/__proto__'),
      { ...get('/v1/post/likes'), query: JSON.parse('{"__proto__":"x","constructor":"y"}') },
      { ...get('/v1/post/likes'), headers: JSON.parse('{"__proto__":"x","constructor":"y"}') },
      { ...increment('/v1/post/poll/members/ada'), body: '{"choice":"__proto__"}' },
      { ...increment('/v1/post/poll/members/ada'), body: '{"choice":"toString"}' },
      get('/v1/keys', { authorization: 'Bearer __proto__' }),
    ];
    for (const request of requests) {
      const { status } = await tally.send(request);
      expect([200, 400, 401, 404], request.path).toContain(status);
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(tally.errors).toEqual([]);
    expect(await tally.items()).toEqual([]);
    expect(await tally.change('constructor/likes', 1)).toMatchObject({ body: { count: 1 } });
  });
});

describe('an amount', () => {
  test('that is not a whole number from one to a billion is refused, and counts nothing', async () => {
    const amount = fc
      .oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.maxSafeInteger(),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }),
        fc.constantFrom('0', '-0', '1.5', '1e400', '0.1e1x', '"1"', 'null', '[1]', '{}', 'true'),
      )
      .map(String)
      .filter((text) => {
        const value = Number(text);
        const isFine = Number.isInteger(value) && value >= 1 && value <= limits.amount;
        return !isFine || text.includes('"') || text.includes('[');
      });
    await fc.assert(
      fc.asyncProperty(amount, fc.constantFrom('increment', 'decrement'), async (text, action) => {
        const change = `"action":"${action}","amount":${text}`;
        const one = { ...increment('/v1/post/likes'), body: `{${change}}` };
        expect(await tally.send(one)).toMatchObject({ status: 400 });
        const item = `{"subject":"post","counter":"likes",${change}}`;
        const batch = { method: 'POST', path: '/v1/batch', body: `{"items":[${item}]}` };
        const { status, body } = await tally.send(batch);
        const [result] = (body as { results?: { status: number }[] }).results ?? [];
        expect(result?.status ?? status).toBe(400);
      }),
      { numRuns: 300 },
    );
    expect(await tally.items()).toEqual([]);
  });

  test('beyond the exact numbers of JSON is an error, and never a rounded number', async () => {
    await tally.seedCell(
      { subject: 'post', counter: 'likes' },
      { n: BigInt(Number.MAX_SAFE_INTEGER) },
    );
    expect(await tally.read('post/likes')).toMatchObject({
      status: 200,
      body: { count: Number.MAX_SAFE_INTEGER },
    });
    // The change is counted, but the count is too large to be said exactly.
    expect(await tally.change('post/likes', limits.amount)).toMatchObject({
      status: 204,
      body: '',
    });
    expect(await tally.read('post/likes')).toMatchObject({
      status: 409,
      body: { code: 'count_too_large' },
    });
    const cell = await tally.cell({ subject: 'post', counter: 'likes' });
    expect(cell?.n).toBe(BigInt(Number.MAX_SAFE_INTEGER) + BigInt(limits.amount));
    expect(await tally.change('post/likes', -limits.amount)).toMatchObject({
      status: 200,
      body: { count: Number.MAX_SAFE_INTEGER },
    });
  });
});

describe('a flood on one counter', () => {
  test('is counted to the last change, however little one item can take', async () => {
    // Half of what goes to a cell of this counter is refused, as DynamoDB does at its limit.
    proxy.inject({
      effect: 'throttle',
      operation: 'UpdateItem',
      rate: 0.5,
      where: (body) => JSON.stringify(body).includes('c#hot#likes'),
    });
    const flood = Array.from({ length: 100 }, (_, index) =>
      tally.change('hot/likes', 1, index % 2 ? { token: `token-${index}` } : {}),
    );
    const others = Array.from({ length: 20 }, (_, index) => tally.change(`cold-${index}/likes`, 1));
    for (const { status } of await Promise.all(flood)) expect(status).toBe(200);
    for (const answer of await Promise.all(others)) {
      expect(answer).toMatchObject({ status: 200, body: { count: 1, pending: false } });
    }
    await tally.settle();
    expect(await tally.read('hot/likes', { consistent: 'true' })).toMatchObject({
      body: { count: 100 },
    });
  });
});

describe('a reset', () => {
  test('takes a right of its own, also where everybody may write', async () => {
    await tally.change('post/likes', 5);
    await tally.send({ method: 'POST', path: '/v1/post/orders/tickets' });
    const writer = await makeKey(tally, [{ actions: ['read', 'write'], subjects: ['*'] }]);
    const ruler = await makeKey(tally, [{ actions: ['admin'], subjects: ['other'] }]);
    const visitor = await makePass(tally, admin, {
      member: 'ada',
      actions: ['read', 'write'],
      subject: 'post',
    });
    for (const counter of ['likes', 'orders']) {
      const reset = (headers: ApiRequest['headers']) =>
        tally.send({ method: 'POST', path: `/v1/post/${counter}/reset`, headers: headers ?? {} });
      expect(await reset(nobody)).toMatchObject({ status: 401 });
      for (const headers of [writer.headers, ruler.headers, visitor]) {
        expect(await reset(headers)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      }
    }
    expect(await tally.read('post/likes')).toMatchObject({ body: { count: 5 } });
    expect(await tally.read('post/orders')).toMatchObject({ body: { number: 1, shift: 1 } });
  });
});

describe('what is too large', () => {
  const long = 'x'.repeat(limits.bodyBytes);
  const item = { subject: 'post', counter: 'likes', action: 'increment' };
  const days = { window: 'day', from: '1990-01-01', to: '2096-01-01' };

  test.each<[what: string, status: number, request: ApiRequest]>([
    ['a body', 413, { ...increment('/v1/post/likes'), body: { action: 'increment', x: long } }],
    ['a name', 400, increment(`/v1/${'x'.repeat(limits.nameLength + 1)}/likes`)],
    ['a member', 400, { method: 'PUT', path: `/v1/post/viewers/members/${long}` }],
    ['a path', 404, get(`/v1/${'x/'.repeat(4_000)}`)],
    ['a token', 400, increment('/v1/post/likes', { 'idempotency-key': 'x'.repeat(256) })],
    ['a key', 401, get('/v1/post/stock', { authorization: `Bearer ${long}` })],
    [
      'a pass',
      401,
      get('/v1/post/stock', { authorization: `Bearer pass_${long}.${'A'.repeat(43)}` }),
    ],
    [
      'a choice',
      400,
      { ...increment('/v1/post/poll/members/ada'), body: { choice: long.slice(99) } },
    ],
    [
      'an amount',
      400,
      { ...increment('/v1/post/likes'), body: { action: 'increment', amount: 1e9 + 1 } },
    ],
    [
      'a batch',
      400,
      {
        method: 'POST',
        path: '/v1/batch',
        body: { items: Array.from({ length: 101 }, () => item) },
      },
    ],
    ['a history', 400, { ...get('/v1/post/views/history'), query: days }],
    [
      'a union of visitors',
      400,
      { ...get('/v1/post/visitors'), query: { from: '2096-01-01', to: '2096-02-28' } },
    ],
  ])('%s is refused before the table is asked', async (_, status, request) => {
    // The secret that passes are checked with is read once.
    await tally.send(get('/v1/post/stock', bearer('pass_')));
    proxy.forget();
    expect(await tally.send(request)).toMatchObject({ status });
    expect(proxy.requests).toEqual([]);
  });

  test('a user has a hundred subscriptions at most', async () => {
    const subscribe = (index: number) =>
      tally.send({
        method: 'PUT',
        path: `/v1/users/ada/subscriptions/post-${index}/likes`,
        headers: admin,
      });
    for (let index = 0; index < limits.subscriptions; index++) {
      expect(await subscribe(index)).toMatchObject({ status: 204 });
    }
    expect(await subscribe(limits.subscriptions)).toMatchObject({ status: 409 });
    expect(await tally.items()).toHaveLength(limits.subscriptions);
  });

  test('a user has a hundred subscriptions at most, also through passes that each see a part of them', async () => {
    const subjects = ['post-1', 'post-2', 'post-3'];
    const { headers: server } = await makeKey(tally, [{ actions: ['read'], subjects: ['post-*'] }]);
    const counterNames = Array.from({ length: 40 }, (_, index) => `c${index}`);
    const { tally: wide } = await createTallyBehindProxy({
      counters: Object.fromEntries(counterNames.map((name) => [name, counters.likes])),
      adminKey,
      table: tally.table,
    });
    const statuses: number[] = [];
    for (const subject of subjects) {
      const pass = await makePass(wide, server, { member: 'ada', actions: ['read'], subject });
      for (const name of counterNames) {
        const path = `/v1/users/ada/subscriptions/${subject}/${name}`;
        statuses.push((await wide.send({ method: 'PUT', path, headers: pass })).status);
      }
    }
    expect(statuses.filter((status) => status === 204)).toHaveLength(limits.subscriptions);
    expect(statuses.filter((status) => status === 409)).toHaveLength(20);
  });
});

test('reading and listening, on any number of invented subjects, leaves nothing that stays', async () => {
  const readers = routes.filter(
    ({ method, path }) => method === 'GET' && path.includes('{subject}'),
  );
  for (const { path } of readers) {
    for (const counter of Object.keys(counters)) {
      const names = { subject: 'invented', counter, member: 'ada' } as const;
      const url = path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof names) => names[name]);
      await tally.send(get(url));
    }
  }
  for (let index = 0; index < 50; index++) {
    expect(await tally.send(get(`/v1/invented-${index}/likes/live`))).toMatchObject({
      status: 200,
    });
  }
  const left = (await tally.items()).filter(({ pk }) => String(pk).includes('invented'));
  expect(left.length).toBeGreaterThanOrEqual(50);
  const soon = tally.clock.now() / 1000 + 3_600;
  for (const { pk, x } of left) {
    expect(x, String(pk)).toBeTypeOf('number');
    expect(Number(x), String(pk)).toBeLessThan(soon);
  }
});

describe('an error answer', () => {
  test.each([
    'throttle',
    'server error before commit',
    'drop before commit',
    'lose reply',
  ] as const)('says nothing about what Tally runs on: %s', async (effect) => {
    const { headers } = await makeKey(tally, [{ actions: ['read', 'write'], subjects: ['*'] }]);
    proxy.inject({ effect });
    const requests = [
      get('/v1/post/stock', headers),
      increment('/v1/post/stock', headers),
      increment('/v1/post/likes'),
      increment('/v1/post/views', { 'idempotency-key': 'token' }),
      get('/v1/users/ada/unread', admin),
      get('/v1/keys', admin),
      get('/v1/health'),
    ];
    for (const { status, body } of await Promise.all(requests.map((it) => tally.send(it)))) {
      expect(status).toBe(503);
      expect(JSON.stringify(body)).not.toMatch(
        /dynamo|exception|smithy|aws|node_modules|\.ts\b|at \w+ \(|127\.0\.0\.1|test-[0-9a-f]{8}/i,
      );
    }
  });

  test('about a bug in Tally says where to look for it, and no more', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 'not a number', t: 'never' });
    const { status, body } = await tally.send(get('/v1/post/likes'));
    expect(status).toBe(500);
    expect(Object.keys(body as object).toSorted()).toEqual([
      'code',
      'detail',
      'request_id',
      'status',
      'title',
      'type',
    ]);
    expect(JSON.stringify(body)).not.toMatch(/RangeError|SyntaxError|Invalid time|\.ts/);
    expect(tally.errors).toHaveLength(1);
  });
});
