/** Callers with write but not read access learn nothing about the count of a counter from its answers. */
import { beforeEach, describe, expect, test } from 'vitest';
import { admin, adminKey, type Headers, makeKey, nobody } from '../../harness/access/callers.ts';
import {
  createTallyUnderTest,
  keyed,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const secret = { read: 'key', write: 'public' } as const;
/** What callers without read access must not get. */
const count = 4711;

let tally: TallyUnderTest;
let writer: Headers;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: secret },
      views: { kind: 'count', write: 'deferred', access: secret },
      stock: { kind: 'count', bounds: { min: 0, max: count }, access: secret },
      polls: { kind: 'reaction', choices: ['yes', 'no'], access: secret },
      viewers: { kind: 'presence', access: secret },
      visitors: { kind: 'unique', windows: ['day'], access: secret },
      orders: { kind: 'ticket', access: secret },
      parts: { kind: 'count', bounds: { max: count }, access: keyed },
    },
    adminKey,
  });
  writer = (await makeKey(tally, [{ actions: ['write'], subjects: ['post'] }])).headers;
});

const asMember = (method: string, counter: string, headers: Headers, body?: unknown) =>
  tally.send({ method, path: `/v1/post/${counter}/members/ann`, headers, body });
const told = { status: 204, body: '' };
/** Everybody may write, but a retry has to come from the same sender: so it takes no idempotency key. */
const wrong = { authorization: 'Bearer tally_x_y' };

describe.each([
  ['without a key', () => nobody],
  ['with a key that is wrong', () => wrong],
  ['with a key that only writes', () => writer],
])('a writer %s', (_, headersOf) => {
  let headers: Headers;
  beforeEach(() => {
    headers = headersOf();
  });

  test.each(['likes', 'views', 'stock'])('is told no count of %s, nor by a retry', async (name) => {
    await tally.change(`post/${name}`, count - 1, { headers: admin });
    const first = await tally.change(`post/${name}`, 1, { headers, token: 'a' });
    if (headers === wrong) {
      expect(first).toMatchObject({ status: 401, body: { code: 'invalid_key' } });
      expect(await tally.change(`post/${name}`, 1, { headers })).toMatchObject(told);
    } else {
      expect(first).toMatchObject(told);
      const replayed = await tally.change(`post/${name}`, 1, { headers, token: 'a' });
      expect(replayed).toMatchObject({ ...told, headers: { 'idempotency-replayed': 'true' } });
    }
    await tally.settle();
    const path = `/v1/post/${name}`;
    expect(await tally.send({ method: 'GET', path, headers: admin })).toMatchObject({
      body: { count },
    });
  });

  test('gets no count from a bound', async () => {
    await tally.change('post/stock', count, { headers: admin });
    const refused = await tally.change('post/stock', 1, { headers });
    expect(refused).toMatchObject({ status: 409, body: { code: 'out_of_bounds' } });
    expect(JSON.stringify(refused.body)).not.toContain(String(count));
    expect(refused.body).not.toHaveProperty('count');
  });

  test('learns nothing about the choices of others', async () => {
    expect(await asMember('DELETE', 'polls', headers)).toMatchObject(told);
    expect(await asMember('PUT', 'polls', headers, { choice: 'yes' })).toMatchObject(told);
    expect(await asMember('DELETE', 'polls', headers)).toMatchObject(told);
  });

  test('is told when to beat next, and nothing about other viewers', async () => {
    expect(await asMember('PUT', 'viewers', headers)).toMatchObject({
      status: 200,
      body: { next_beat_seconds: expect.any(Number) },
    });
    expect((await asMember('PUT', 'viewers', headers)).body).not.toHaveProperty('count');
  });

  test('is not told whether a visit was the first', async () => {
    expect(await asMember('PUT', 'visitors', headers)).toMatchObject(told);
    expect(await asMember('PUT', 'visitors', headers)).toMatchObject(told);
  });

  test('is told its own number', async () => {
    const path = '/v1/post/orders/tickets';
    expect(await tally.send({ method: 'POST', path, headers })).toMatchObject({
      status: 201,
      body: { number: 1 },
    });
  });

  test('gets no count in a batch', async () => {
    await tally.change('post/stock', count, { headers: admin });
    const change = { subject: 'post', action: 'increment' };
    const items = [
      { ...change, counter: 'likes', idempotency_key: 'a' },
      { ...change, counter: 'views' },
      { ...change, counter: 'stock' },
    ];
    const send = async () =>
      (await tally.send({ method: 'POST', path: '/v1/batch', headers, body: { items } })).body as {
        results: unknown[];
      };
    const { results } = await send();
    const first = headers === wrong ? { code: 'invalid_key' } : { status: 204 };
    expect(results.slice(0, 2)).toEqual([expect.objectContaining(first), { status: 204 }]);
    expect(results[2]).toMatchObject({ status: 409, code: 'out_of_bounds' });
    expect(JSON.stringify(results)).not.toContain(String(count));
    const again = headers === wrong ? first : { status: 204, replayed: true };
    expect((await send()).results[0]).toEqual(expect.objectContaining(again));
  });
});

test('a key that may only write gets no count from a counter that takes a key for both', async () => {
  await tally.change('post/parts', count, { headers: admin });
  expect(await tally.change('post/parts', -1, { headers: writer })).toMatchObject(told);
  const refused = await tally.change('post/parts', 2, { headers: writer });
  expect(refused).toMatchObject({ status: 409, body: { code: 'out_of_bounds' } });
  expect(JSON.stringify(refused.body)).not.toMatch(/"count"|47/);
});

test.each(['likes', 'orders'])(
  'a caller that may only reset %s does not learn what it was',
  async (counter) => {
    const { headers } = await makeKey(tally, [{ actions: ['admin'], subjects: ['post'] }]);
    const reset = () =>
      tally.send({
        method: 'POST',
        path: `/v1/post/${counter}/reset`,
        headers: { ...headers, 'idempotency-key': 'a' },
      });
    expect(await reset()).toMatchObject(told);
    expect(await reset()).toMatchObject({ ...told, headers: { 'idempotency-replayed': 'true' } });
  },
);

test('a caller that may read as well gets the count', async () => {
  expect(await tally.change('post/stock', count, { headers: admin })).toMatchObject({
    body: { count },
  });
  expect(await tally.change('post/stock', 1, { headers: admin })).toMatchObject({
    status: 409,
    body: { count, detail: expect.stringContaining(String(count)) },
  });
  expect(await asMember('PUT', 'polls', admin, { choice: 'yes' })).toMatchObject({
    body: { count: 1, choices: { yes: 1, no: 0 } },
  });
  expect(await asMember('PUT', 'viewers', admin)).toMatchObject({ body: { count: 1 } });
  expect(await asMember('PUT', 'visitors', admin)).toMatchObject({ body: { changed: true } });
});
