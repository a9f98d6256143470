import { beforeAll, describe, expect, test } from 'vitest';
import { admin, adminKey } from '../../harness/access/callers.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: {
      counter: { kind: 'count', access: open },
      likes: { kind: 'count', access: open },
      views: { kind: 'count', windows: ['all', 'day'], access: open },
      viewers: { kind: 'presence', access: open },
      orders: { kind: 'ticket', access: open },
    },
    adminKey,
  });
});

const put = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  tally.send({ method: 'PUT', path, headers, body });

describe('a subject', () => {
  test.each([
    ['is one character', 'x'],
    ['has 128 characters', 'x'.repeat(128)],
    ['has every character that is allowed', 'Az09._:~-'],
    ['has them percent-encoded', 'Az09%2E%5F%3A%7E%2D%41'],
    ['begins with a digit', '42'],
    ['looks like a number', '1e5'],
    ['is named as what every object has', 'constructor'],
    ['only resembles a reserved one', 'V1'],
  ])('that %s is counted on', async (_, subject) => {
    expect(await put(`/v1/${subject}/likes`, { action: 'increment' })).toMatchObject({
      status: 200,
      body: { count: 1 },
    });
    expect(await tally.read(`${subject}/likes`)).toMatchObject({ body: { count: 1 } });
  });

  test('is the same percent-encoded and not', async () => {
    await put('/v1/same%2Dpost/likes', { action: 'increment' });
    expect(await tally.read('same-post/likes')).toMatchObject({ body: { count: 1 } });
  });

  test('is another one in another case', async () => {
    await put('/v1/Case/likes', { action: 'increment' });
    expect(await tally.read('case/likes')).toMatchObject({ body: { count: 0 } });
  });
});

describe('a change', () => {
  test.each([
    ['{"action":"increment"}', 1],
    ['{"action":"decrement"}', -1],
    ['{"action":"increment","amount":1}', 1],
    ['{"amount":3,"action":"decrement"}', -3],
    ['{"action":"increment","amount":1000000000}', 1_000_000_000],
    ['{"action":"decrement","amount":1e9}', -1_000_000_000],
    ['{"action":"increment","amount":2.0}', 2],
    [' \n{ "action" : "\\u0069ncrement" }\t', 1],
  ])('written %s changes by %i', async (body, amount) => {
    const subject = `change-${amount}-${body.length}`;
    expect(await put(`/v1/${subject}/likes`, body)).toMatchObject({ body: { count: amount } });
  });

  test('may be written in as many bytes as there may be', async () => {
    const body = '{"action":"increment"}'.padEnd(65_536);
    expect(await put('/v1/long/likes', body)).toMatchObject({ body: { count: 1 } });
  });

  test.each([
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain;charset=UTF-8',
    'nonsense',
    '',
  ])('is taken with the content type "%s"', async (contentType) => {
    const headers = { 'content-type': contentType };
    const answer = await put('/v1/typed/likes', '{"action":"increment"}', headers);
    expect(answer).toMatchObject({ status: 200 });
  });
});

test.each([undefined, '', '{}', ' {} '])('a ticket and a reset take %j', async (body) => {
  for (const [path, status] of [
    ['orders/tickets', 201],
    ['orders/reset', 200],
    ['likes/reset', 200],
  ] as const) {
    const request = { method: 'POST', path: `/v1/empty/${path}`, headers: admin, body };
    expect(await tally.send(request), path).toMatchObject({ status });
  }
});

test.each([undefined, '', '{}', ' {} '])(
  'leaving takes a beacon that says nothing: %j',
  async (body) => {
    const path = '/v1/post/viewers/members/ann/leave';
    expect(await tally.send({ method: 'POST', path, body })).toMatchObject({ status: 204 });
  },
);

test.each([
  ['bye', 'invalid_json'],
  ['{"at":1}', 'unknown_field'],
])('leaving refuses a beacon that says what it does not take: %s', async (body, code) => {
  const path = '/v1/post/viewers/members/ann/leave';
  expect(await tally.send({ method: 'POST', path, body })).toMatchObject({
    status: 400,
    body: { code },
  });
});

test('an Idempotency-Key may have 255 visible characters', async () => {
  for (const token of [
    'x'.repeat(255),
    '!',
    `"${'y'.repeat(255)}"`,
    '"\\"\\\\"',
    'b;c="d"',
    '"a,b;c=d"',
  ]) {
    const answer = await tally.change('tokens/likes', 1, { token });
    expect(answer.status, token).toBe(200);
    expect(answer.headers).not.toHaveProperty('idempotency-replayed');
  }
});

test.each(['utm_source', 'windows', 'constructor', '__proto__', ''])(
  'an unknown query parameter is refused by its name, on a read and on a change: "%s"',
  async (parameter) => {
    const query = Object.fromEntries([[parameter, '1']]);
    const refusal = { status: 400, body: { code: 'unknown_parameter', parameter } };
    expect(await tally.read('post/likes', query)).toMatchObject(refusal);
    const change = { method: 'PUT', path: '/v1/query/likes', query, body: { action: 'increment' } };
    expect(await tally.send(change)).toMatchObject(refusal);
    expect(await tally.read('query/likes')).toMatchObject({ body: { count: 0 } });
  },
);

test('/{subject}/counter is the counter named counter', async () => {
  expect(await put('/post/counter', { action: 'increment', amount: 2 })).toMatchObject({
    status: 200,
    body: { count: 2, pending: false },
  });
  await tally.change('post/counter', 3);
  expect(await tally.send({ method: 'GET', path: '/post/counter' })).toMatchObject({
    status: 200,
    body: { count: 5 },
  });
});

test('/{subject}/counter takes tokens, and shares them with the long path', async () => {
  const headers = { 'Idempotency-Key': 'shared' };
  await put('/tokens/counter', { action: 'increment' }, headers);
  expect(await put('/v1/tokens/counter', { action: 'increment' }, headers)).toMatchObject({
    status: 200,
    headers: { 'idempotency-replayed': 'true' },
    body: { count: 1 },
  });
});
