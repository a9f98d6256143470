import { beforeEach, expect, test } from 'vitest';
import { itemPrefixes } from '../../../functions/dynamo/item-prefixes.ts';
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
import type { ApiRequest } from '../../harness/http/api-event.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyOptions,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const counters: TallyOptions['counters'] = {
  likes: { kind: 'count', access: open },
  stock: { kind: 'count', access: keyed },
  views: { kind: 'count', windows: ['all', 'day'], access: keyed },
  visitors: { kind: 'unique', windows: ['day'], access: keyed },
};
const everything = { actions: ['read', 'write'], subjects: ['*'] } as const;

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters,
    adminKey,
    instances: 3,
    startsAt: '2096-02-28T23:00:20.000Z',
  });
});

/** Sends a request to one container after the other. @returns how many were answered, and the others */
async function sendAll(count: number, request: (index: number) => ReturnType<typeof get>) {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const instance = tally.instances[index % tally.instances.length] ?? tally;
      return instance.send(request(index));
    }),
  );
  return {
    answered: answers.filter(({ status }) => status === 200).length,
    refused: answers.filter(({ status }) => status !== 200),
  };
}

test('a key may make as many calls a minute as it was made for, on all containers together', async () => {
  const { headers } = await makeKey(tally, [everything], 10);
  const mixed = (index: number) =>
    index % 2 ? get('/v1/resto-7/stock', headers) : increment('/v1/resto-7/stock', headers);
  const { answered, refused } = await sendAll(30, mixed);
  expect(answered).toBe(10);
  for (const answer of refused) {
    expect(answer).toMatchObject({
      status: 429,
      headers: {
        'retry-after': '6',
        'ratelimit-policy': '"key-calls";q=10;w=60',
        ratelimit: '"key-calls";r=0;t=6',
        'cache-control': 'no-store',
      },
      body: { code: 'rate_limited' },
    });
  }
  tally.clock.advance(60_000);
  expect(await sendAll(30, mixed)).toMatchObject({ answered: 10 });
});

test('a key that is refused has room again exactly when it was told', async () => {
  const { headers } = await makeKey(tally, [everything], 10);
  const call = () => get('/v1/resto-7/stock', headers);
  const { refused } = await sendAll(11, call);
  const afterSeconds = Number(refused[0]?.headers['retry-after']);
  tally.clock.advance(afterSeconds * 1000 - 1);
  expect(await sendAll(3, call)).toMatchObject({ answered: 0 });
  tally.clock.advance(1);
  expect(await sendAll(3, call)).toMatchObject({ answered: 1 });
});

test('a key that is used up goes on with nothing, also where everybody may read and write', async () => {
  const { headers } = await makeKey(tally, [everything], 2);
  const { answered, refused } = await sendAll(10, (index) =>
    index % 2 ? get('/v1/post-1/likes', headers) : increment('/v1/post-1/likes', headers),
  );
  expect([answered, refused[0]?.body]).toMatchObject([2, { code: 'rate_limited' }]);
  // What does not take a key at all is still open to those who send none.
  expect(await tally.send(get('/v1/post-1/likes'))).toMatchObject({ status: 200 });
});

test('a call beyond the limit changes nothing', async () => {
  const { headers } = await makeKey(tally, [everything], 5);
  const { answered } = await sendAll(20, () => increment('/v1/resto-7/stock', headers));
  expect(answered).toBe(5);
  const { headers: unlimited } = await makeKey(tally, [everything]);
  expect(await tally.send(get('/v1/resto-7/stock', unlimited))).toMatchObject({
    body: { count: 5 },
  });
});

test('one key that calls too often keeps no other from calling', async () => {
  const [noisy, quiet] = [
    await makeKey(tally, [everything], 2),
    await makeKey(tally, [everything], 2),
  ];
  await sendAll(20, () => get('/v1/resto-7/stock', noisy.headers));
  expect(await sendAll(2, () => get('/v1/resto-7/stock', quiet.headers))).toMatchObject({
    answered: 2,
  });
});

test('a caller that knows the id of a key but not its secret uses up none of its calls', async () => {
  const { id, headers } = await makeKey(tally, [everything], 2);
  const guess: Headers = { authorization: `Bearer tally_${id}_${'A'.repeat(43)}` };
  expect(await sendAll(20, () => get('/v1/resto-7/stock', guess))).toMatchObject({ answered: 0 });
  expect(await sendAll(2, () => get('/v1/resto-7/stock', headers))).toMatchObject({ answered: 2 });
});

test('requests that are refused for lack of a right count, so that trying is limited, too', async () => {
  const { headers } = await makeKey(tally, [{ actions: ['read'], subjects: ['resto-7'] }], 3);
  const statuses = [];
  for (const subject of ['resto-8', 'resto-9', 'resto-10', 'resto-11']) {
    statuses.push((await tally.send(get(`/v1/${subject}/stock`, headers))).status);
  }
  expect(statuses).toEqual([403, 403, 403, 429]);
});

test('beyond the limit, a change of an open counter is refused too, where its count takes a key', async () => {
  const guarded = await createTallyUnderTest({
    counters: { box: { kind: 'count', access: { read: 'key', write: 'public' } } },
    adminKey,
  });
  const { headers } = await makeKey(guarded, [everything], 2);
  const answers = [];
  for (let call = 0; call < 3; call++) {
    answers.push(await guarded.send(increment('/v1/resto-7/box', headers)));
  }
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  // Anybody else is told no count; a key that is used up is told why, and changes nothing.
  expect(await guarded.send(increment('/v1/resto-7/box'))).toMatchObject({ status: 204 });
  expect(await guarded.send(get('/v1/resto-7/box', admin))).toMatchObject({ body: { count: 3 } });
});

test('a batch counts its items, and one that has more than a minute of them is refused for good', async () => {
  const { headers } = await makeKey(tally, [everything], 10);
  const item = { subject: 'resto-7', counter: 'stock', action: 'increment' };
  const batchOf = (count: number) => ({
    method: 'POST',
    path: '/v1/batch',
    headers,
    body: { items: Array.from({ length: count }, () => item) },
  });
  expect(await tally.send(batchOf(7))).toMatchObject({ status: 200 });
  expect(await tally.send(batchOf(4))).toMatchObject({ status: 429 });
  tally.clock.advance(60_000);
  expect(await tally.send(batchOf(11))).toMatchObject({
    status: 400,
    body: { code: 'request_too_heavy' },
  });
  expect(await tally.send(get('/v1/resto-7/stock', admin))).toMatchObject({ body: { count: 7 } });
});

test('a long history or union counts for what it reads, and so do visitors in a batch', async () => {
  const reading = await createTallyUnderTest({
    counters: {
      views: { kind: 'count', windows: ['all', 'hour'], access: keyed },
      visitors: { kind: 'unique', windows: ['day'], access: keyed },
    },
    adminKey,
  });
  const { headers } = await makeKey(reading, [everything], 100);
  const history = {
    method: 'GET',
    path: '/v1/post-1/views/history',
    headers,
    query: { window: 'hour', from: '2096-01-20', to: '2096-02-28' },
  };
  const union = {
    method: 'GET',
    path: '/v1/post-1/visitors',
    headers,
    query: { from: '2096-02-01', to: '2096-02-28' },
  };
  const statuses = async (request: ApiRequest, times: number) => {
    const answers = [];
    for (let time = 0; time < times; time++) answers.push((await reading.send(request)).status);
    reading.clock.advance(60_000);
    return answers;
  };
  // 960 hours are 48 times twenty; 28 days are 896 items, 45 times twenty.
  expect(await statuses(history, 3)).toEqual([200, 200, 429]);
  expect(await statuses(union, 3)).toEqual([200, 200, 429]);
  const item = { subject: 'post-1', counter: 'visitors', action: 'read' };
  const batch = (count: number) =>
    reading.send({
      method: 'POST',
      path: '/v1/batch',
      headers,
      body: { items: Array.from({ length: count }, () => item) },
    });
  expect(await batch(50)).toMatchObject({ status: 200 });
  expect(await batch(1)).toMatchObject({ status: 429 });
  reading.clock.advance(60_000);
  expect(await batch(51)).toMatchObject({ status: 400, body: { code: 'request_too_heavy' } });
});

const visitor = { member: 'ada', actions: ['read', 'write'], subject: 'resto-7' };

test('the passes of a key share its calls, so they do not get around its limit', async () => {
  const { headers } = await makeKey(tally, [everything], 5);
  const [ada, bob] = [
    await makePass(tally, headers, visitor),
    await makePass(tally, headers, { ...visitor, member: 'bob' }),
  ];
  // Two calls have made the passes, so three are left for all of them.
  const callers = [ada, bob, headers];
  const { answered, refused } = await sendAll(60, (index) =>
    increment('/v1/resto-7/stock', callers[index % 3]),
  );
  expect([answered, refused[0]?.body]).toMatchObject([3, { code: 'rate_limited' }]);
  tally.clock.advance(60_000);
  expect(await sendAll(60, () => increment('/v1/resto-7/stock', ada))).toMatchObject({
    answered: 5,
  });
});

test('a pass that a key without a limit has made is neither counted nor looked up', async () => {
  const { headers } = await makeKey(tally, [everything]);
  for (const maker of [admin, headers]) {
    const pass = await makePass(tally, maker, visitor);
    expect(await sendAll(20, () => get('/v1/resto-7/stock', pass))).toMatchObject({ answered: 20 });
  }
  expect(await callerItems()).toEqual([]);
});

test('a flood beyond the limit writes nothing, so it costs no more than one within', async () => {
  const { headers } = await makeKey(tally, [everything], 3);
  const { tally: guarded, proxy } = await createTallyBehindProxy({
    counters,
    adminKey,
    table: tally.table,
  });
  const sendTimes = async (count: number) => {
    proxy.forget();
    for (let call = 0; call < count; call++) {
      await guarded.send(get('/v1/resto-7/stock', headers));
    }
    return proxy.forwarded('UpdateItem');
  };
  // The day of its use, and three calls.
  expect(await sendTimes(50)).toBe(4);
  expect(await sendTimes(50)).toBe(0);
  guarded.clock.advance(60_000);
  expect(await sendTimes(50)).toBe(3);
  await proxy.stop();
});

test('calls that cannot be counted are refused, not waved through', async () => {
  const { headers } = await makeKey(tally, [everything], 3);
  const { tally: guarded, proxy } = await createTallyBehindProxy({
    counters,
    adminKey,
    table: tally.table,
  });
  await guarded.send(get('/v1/resto-7/stock', headers));
  proxy.inject({ effect: 'server error before commit', operation: 'UpdateItem' });
  // The request has not run, even if the call may have been counted.
  for (const request of [
    get('/v1/resto-7/stock', headers),
    increment('/v1/resto-7/stock', headers),
  ]) {
    expect(await guarded.send(request)).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
  }
  await proxy.stop();
});

test('what is counted of a key does not stay', async () => {
  const { headers } = await makeKey(tally, [everything], 100);
  await tally.send(get('/v1/resto-7/stock', headers));
  const items = await callerItems();
  expect(items).toHaveLength(1);
  const latest = tally.clock.now() / 1000 + 61 + limits.allowanceGraceSeconds;
  expect(items[0]?.x).toBeLessThanOrEqual(latest);
});

async function callerItems() {
  const items = await tally.items();
  return items.filter(({ pk }) => String(pk).startsWith(itemPrefixes.callerAllowance));
}

test.each([
  ['a history', '/v1/resto-7/views/history', 1_000, 50],
  ['a sum of as many days', '/v1/resto-7/views', 1_000, 50],
  ['a union of unique visitors', '/v1/resto-7/visitors', 31, 50],
  ['a short history', '/v1/resto-7/views/history', 20, 1],
])('%s counts as many calls as it costs', async (_, path, days, calls) => {
  const { headers } = await makeKey(tally, [everything], calls + 1);
  const request = { method: 'GET', path, headers, query: { last: `${days}d` } };
  expect(await tally.send(request)).toMatchObject({ status: 200 });
  expect(await tally.send(get('/v1/resto-7/stock', headers))).toMatchObject({ status: 200 });
  expect(await tally.send(get('/v1/resto-7/stock', headers))).toMatchObject({ status: 429 });
});
