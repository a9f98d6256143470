import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { admin, adminKey } from '../../harness/access/callers.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { countOf, draw, sendBatch } from '../../harness/http/requests.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { type Answer, keyed, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: {
      likes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', windows: ['all', 'day', 'hour'], access: open },
      shares: { kind: 'count', access: open },
      votes: { kind: 'count', access: { read: 'public', write: 'key' } },
      stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
      orders: { kind: 'ticket', access: open },
      reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
      viewers: { kind: 'presence', access: open },
      visitors: { kind: 'unique', windows: ['day', 'all'], access: open },
    },
    startsAt: '2096-02-28T23:00:00Z',
    adminKey,
  }));
});

afterEach(() => proxy.stop());

type Result = Readonly<Record<string, unknown>> & { readonly status: number };

const read = (name: string, more: object = {}) => {
  const [subject, counter] = name.split('/');
  return { subject, counter, action: 'read', ...more };
};
const change = (name: string, token?: string, more: object = {}) => ({
  ...read(name),
  action: 'increment',
  ...(token === undefined ? {} : { idempotency_key: token }),
  ...more,
});
const times = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index));

const sent = () => proxy.requests.map(({ operation }) => operation);
const keysPerCall = () =>
  proxy.requests.map(({ body }) => {
    const asked = body.RequestItems as Record<string, { Keys: unknown[] }>;
    return asked[tally.table.tableName]?.Keys.length;
  });

function resultsOf({ status, headers, body }: Answer): Result[] {
  expect({ status, body }).toMatchObject({ status: 200 });
  expect(headers).toMatchObject({ 'cache-control': 'no-store' });
  return (body as { results: Result[] }).results;
}
const batch = async (items: readonly unknown[], headers?: Readonly<Record<string, string>>) =>
  resultsOf(await sendBatch(tally, items, headers));

describe('a page of 50 posts with 3 counters each', () => {
  const names = ['likes', 'views', 'shares'];
  const page = times(150, (index) => read(`post-${Math.floor(index / 3)}/${names[index % 3]}`));

  test('is two calls to the API and one round trip to the table each', async () => {
    await tally.change('post-7/likes', 3);
    await tally.change('post-49/shares', 5);
    for (const send of [
      async () => [await batch(page.slice(0, 100)), await batch(page.slice(100))],
      () => Promise.all([batch(page.slice(0, 100)), batch(page.slice(100))]),
    ]) {
      proxy.forget();
      const results = (await send()).flat();
      expect(sent()).toEqual(['BatchGetItem', 'BatchGetItem']);
      expect(keysPerCall().toSorted((a, b) => Number(b) - Number(a))).toEqual([100, 50]);
      expect(results).toHaveLength(150);
      expect(results[7 * 3]).toEqual({
        status: 200,
        count: 3,
        version: 1,
        updated_at: '2096-02-28T23:00:00.000Z',
      });
      expect(results[149]).toMatchObject({ status: 200, count: 5 });
      const untouched = { status: 200, count: 0, version: 0, updated_at: null };
      expect(results.filter(({ count }) => count === 0)).toEqual(times(148, () => untouched));
    }
  });
});

describe('reads', () => {
  test('are one BatchGetItem for a hundred', async () => {
    await batch(times(limits.batchItems, (index) => read(`post-${index}/likes`)));
    expect(sent()).toEqual(['BatchGetItem']);
    expect(keysPerCall()).toEqual([100]);
  });

  test('of the same counter are one, and all are answered', async () => {
    await tally.change('post/likes', 3);
    proxy.forget();
    const results = await batch(times(50, () => read('post/likes')));
    expect(results.map(({ count }) => count)).toEqual(times(50, () => 3));
    expect(sent()).toEqual(['GetItem']);
  });

  test('of windows show the window, and are merged, too', async () => {
    await tally.change('post/views', 3, { token: 'a' });
    await tally.settle();
    tally.clock.moveTo('2096-02-28T23:59:00Z');
    await tally.change('post/views', 4, { token: 'b' });
    tally.clock.moveTo('2096-02-29T00:01:00Z');
    await tally.change('post/views', 5, { token: 'c' });
    await tally.settle();
    const results = await batch([
      read('post/views'),
      read('post/views', { window: 'all' }),
      read('post/views', { window: 'day' }),
      read('post/views', { window: 'hour' }),
      read('post/views', { window: 'minute' }),
    ]);
    expect(results.map(({ count }) => count)).toEqual([12, 12, 5, 5, undefined]);
    expect(results[4]).toMatchObject({ status: 400, code: 'invalid_window' });
  });

  test('of a day look up the settings of each subject once', async () => {
    await batch(times(30, (index) => read(`post-${index % 3}/views`, { window: 'day' })));
    const lookUps = proxy.requests.flatMap(({ body }) => JSON.stringify(body).match(/"s#/g) ?? []);
    expect(lookUps).toHaveLength(3);
  });

  test('of every kind are answered as a GET would be', async () => {
    await tally.change('post/likes', 2);
    await tally.send({ method: 'PUT', path: '/v1/post/visitors/members/ann' });
    await draw(tally, 'post/orders');
    const counters = ['likes', 'views', 'reactions', 'viewers', 'visitors', 'orders'];
    const results = await batch(counters.map((counter) => read(`post/${counter}`)));
    for (const [index, counter] of counters.entries()) {
      const { body } = await tally.read(`post/${counter}`);
      expect(results[index]).toEqual({ status: 200, ...(body as object) });
    }
    expect(results[2]).toMatchObject({ count: 0, choices: { like: 0, love: 0 } });
    expect(results[4]).toMatchObject({ count: 1, standard_error: expect.any(Number) });
    expect(results[5]).toMatchObject({ number: 1, shift: 1 });
  });

  test('of a feed of likes, views, reactions and viewers are one call to the table', async () => {
    const names = ['likes', 'views', 'reactions', 'viewers'];
    await batch(times(40, (index) => read(`post-${Math.floor(index / 4)}/${names[index % 4]}`)));
    expect(new Set(sent())).toEqual(new Set(['BatchGetItem']));
    const keys = keysPerCall();
    const sum = keys.reduce((all, part) => Number(all) + Number(part), 0);
    expect(keys).toHaveLength(Math.ceil(Number(sum) / limits.batchGetKeys));
  });

  test('of books of tickets, and of visitors, are merged as well', async () => {
    const books = times(50, (index) => read(`resto-${index}/orders`));
    const visitors = times(3, (index) => read(`post-${index}/visitors`, { window: 'all' }));
    await batch([...books, ...visitors]);
    // The settings of the restaurants with the blocks of the sketches, then the books.
    expect(sent()).toEqual(['BatchGetItem', 'BatchGetItem', 'BatchGetItem']);
    expect(keysPerCall().toSorted((a, b) => Number(a) - Number(b))).toEqual([46, 50, 100]);
  });

  test('of totals with several cells are merged, too', async () => {
    for (const subject of ['a', 'b']) {
      await tally.seedCell({ subject, counter: 'likes' }, { n: 1, s: 4 });
      await tally.seedCell({ subject, counter: 'likes', shard: 3 }, { n: 2 });
    }
    const results = await batch([read('a/likes'), read('b/likes'), read('c/likes')]);
    expect(results.map(({ count }) => count)).toEqual([3, 3, 0]);
    expect(keysPerCall()).toEqual([3, 6]);
  });
});

test('an idempotency key for the whole batch is refused, because each item has its own', async () => {
  const answer = await sendBatch(tally, [change('post/likes', 'a')], { 'idempotency-key': 'all' });
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_idempotency_key' } });
  expect(await tally.items()).toEqual([]);
});

describe('writes', () => {
  test('are counted each, also on one counter, each with its own token', async () => {
    const items = times(100, (index) =>
      change(index < 40 ? 'post/likes' : `post-${index}/views`, `token-${index}`),
    );
    const results = await batch(items);
    expect(results.map(({ status }) => status)).toEqual(times(100, () => 200));
    expect(results.filter(({ pending }) => pending)).toHaveLength(60);
    await tally.settle();
    expect(countOf(await tally.read('post/likes', { consistent: 'true' }))).toBe(40);
    expect(countOf(await tally.read('post-99/views'))).toBe(1);

    const again = await batch(items);
    expect(again.every(({ replayed }) => replayed === true)).toBe(true);
    expect(again.map(({ status }) => status)).toEqual(times(100, () => 200));
    await tally.settle();
    expect(countOf(await tally.read('post/likes', { consistent: 'true' }))).toBe(40);
    expect(countOf(await tally.read('post-99/views'))).toBe(1);
  });

  test('are made at the same time', async () => {
    const gate = proxy.hold({ operation: 'PutItem' });
    const results = batch(times(30, (index) => change(`post-${index}/views`, `${index}`)));
    await gate.reached(30);
    gate.open();
    expect(await results).toHaveLength(30);
  });

  test('of one token twice in a batch are one', async () => {
    for (const name of ['post/likes', 'post/views']) {
      const results = await batch([change(name, 'mine'), change(name, 'mine')]);
      expect(results.map(({ status }) => status)).toEqual([200, 200]);
      expect(results.filter(({ replayed }) => replayed)).toHaveLength(1);
      await tally.settle();
      expect(countOf(await tally.read(name))).toBe(1);
    }
  });

  test('go in both directions, by their amounts', async () => {
    const results = await batch([
      change('a/likes', 'a', { amount: 5 }),
      change('b/likes', 'b', { action: 'decrement', amount: 2 }),
      change('c/likes'),
    ]);
    expect(results.map(({ count }) => count)).toEqual([5, -2, 1]);
    expect(results[0]).toEqual({
      status: 200,
      count: 5,
      version: 1,
      updated_at: '2096-02-28T23:00:00.000Z',
      pending: false,
    });
  });

  test('are answered without a read if nobody wants the count', async () => {
    await tally.change('post/shares', 2);
    proxy.forget();
    const results = await batch(
      [change('post/likes', 'a'), change('post/views', 'b'), read('post/shares')],
      { prefer: 'return=minimal' },
    );
    expect(results).toEqual([
      { status: 204 },
      { status: 204 },
      { status: 200, count: 2, version: 1, updated_at: '2096-02-28T23:00:00.000Z' },
    ]);
    // One read is for the settings of the subject, whose days `views` counts.
    expect(sent().toSorted()).toEqual(['BatchGetItem', 'PutItem', 'PutItem', 'UpdateItem']);
    const again = await batch([change('post/likes', 'a')], { prefer: 'return=minimal' });
    expect(again).toEqual([{ status: 204, replayed: true }]);
  });

  test('whose replies are lost count once when the batch is sent again', async () => {
    const items = times(20, (index) => change(`post-${index % 4}/likes`, `token-${index}`));
    const injection = proxy.inject({ effect: 'lose reply', operation: 'UpdateItem' });
    for (const result of await batch(items)) {
      expect(result).toMatchObject({ status: 503, code: 'outcome_unknown' });
    }
    injection.remove();
    for (const result of await batch(items)) {
      expect(result).toMatchObject({ status: 200, replayed: true });
    }
    expect(countOf(await tally.read('post-0/likes', { consistent: 'true' }))).toBe(5);
  });
});

describe('an item that fails', () => {
  test('fails alone, with the code it would have got alone', async () => {
    await tally.change('good/likes', 1, { token: 'used' });
    await draw(tally, 'resto/orders');
    const failing: [unknown, number, string][] = [
      [change('bad name/likes'), 400, 'invalid_subject'],
      [change('users/likes'), 400, 'invalid_subject'],
      [change('post/nothing'), 404, 'unknown_counter'],
      [{ action: 'read', counter: 'likes' }, 400, 'invalid_subject'],
      [{ action: 'read', subject: 'post' }, 404, 'unknown_counter'],
      [change('post/likes', undefined, { amount: 0 }), 400, 'invalid_amount'],
      [change('post/likes', undefined, { amount: '1' }), 400, 'invalid_amount'],
      [change('post/likes', undefined, { action: 'reset' }), 400, 'invalid_action'],
      [{ subject: 'post', counter: 'likes' }, 400, 'invalid_action'],
      [change('post/likes', 'with space'), 400, 'invalid_idempotency_key'],
      [change('post/likes', ''), 400, 'invalid_idempotency_key'],
      [change('good/likes', 'used', { amount: 2 }), 422, 'idempotency_key_reused'],
      [read('post/likes', { amount: 1 }), 400, 'unknown_field'],
      [change('post/likes', 'a', { token: 'b' }), 400, 'unknown_field'],
      [read('post/likes', { window: 'day' }), 400, 'invalid_window'],
      [read('post/likes', { window: 'week' }), 400, 'invalid_window'],
      [read('resto/orders', { window: 'day' }), 400, 'invalid_window'],
      [read('post/reactions', { window: 'all' }), 400, 'invalid_window'],
      [change('resto/orders', 'a'), 409, 'wrong_kind'],
      [change('post/reactions', 'a'), 409, 'wrong_kind'],
      [read('shoe/stock'), 401, 'key_required'],
      [change('shoe/stock', 'a'), 401, 'key_required'],
      [change('post/votes', 'a'), 401, 'key_required'],
      ['likes', 400, 'invalid_body'],
      [null, 400, 'invalid_body'],
    ];
    const before = await tally.items();
    const results = await batch([
      change('first/likes', 'first'),
      ...failing.map(([item]) => item),
      change('last/likes', 'last'),
    ]);
    expect(results.at(0)).toMatchObject({ status: 200, count: 1 });
    expect(results.at(-1)).toMatchObject({ status: 200, count: 1 });
    expect(results.slice(1, -1)).toMatchObject(
      failing.map(([, status, code]) => ({
        status,
        code,
        type: `/docs/errors#${code}`,
        title: expect.any(String),
        detail: expect.any(String),
      })),
    );
    const subjects = (items: readonly Record<string, unknown>[]) =>
      new Set(items.map(({ pk }) => String(pk).split('#')[1]));
    expect(subjects(await tally.items())).toEqual(new Set([...subjects(before), 'first', 'last']));
  });

  test('for its key is granted with it, and what is public needs none', async () => {
    const items = [
      change('shoe/stock', 'a', { amount: 3 }),
      change('shoe/stock', 'b', { action: 'decrement', amount: 9 }),
      change('post/likes', 'c'),
      read('post/votes'),
    ];
    expect((await batch(items)).map(({ status }) => status)).toEqual([401, 401, 200, 200]);
    const wrong = await batch(items, { authorization: `Bearer ${adminKey}x` });
    expect(wrong.map(({ code }) => code)).toEqual([
      'invalid_key',
      'invalid_key',
      // Whose idempotency key it is, nobody knows.
      'invalid_key',
      undefined,
    ]);
    const [granted, refused, own] = await batch(items, admin);
    expect(granted).toMatchObject({ status: 200 });
    expect(refused).toMatchObject({ status: 409, code: 'out_of_bounds' });
    expect(own).toMatchObject({ status: 200, count: 2 });
    expect(own).not.toHaveProperty('replayed');
    expect((await batch(items, admin))[2]).toMatchObject({ count: 2, replayed: true });
  });

  test('because the database throttles its write fails alone', async () => {
    proxy.inject({
      effect: 'server error before commit',
      operation: 'UpdateItem',
      where: (body) => JSON.stringify(body).includes('c#unlucky#'),
    });
    const results = await batch([change('lucky/likes'), change('unlucky/likes')]);
    expect(results[0]).toMatchObject({ status: 200, count: 1 });
    expect(results[1]).toMatchObject({ status: 503, code: 'outcome_unknown' });
  });
});

describe('a batch that is not valid', () => {
  const invalid = (code: string, status = 400) => ({
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: { code },
  });
  const items = [change('post/likes', 'a')];

  test.each([
    [
      'of 101 items',
      { items: times(101, (index) => change('post/likes', `${index}`)) },
      'too_many_items',
    ],
    ['of no list', { items: items[0] }, 'invalid_items'],
    ['of nothing', {}, 'invalid_items'],
    ['with more than items', { items, atomic: true }, 'unknown_field'],
    ['that is text', 'no JSON', 'invalid_json'],
    ['that is nothing', '', 'invalid_json'],
  ])('%s is refused as a whole, and nothing is written', async (_, body, code) => {
    const answer = await tally.send({ method: 'POST', path: '/v1/batch', body });
    expect(answer).toMatchObject(invalid(code));
    expect(await tally.items()).toEqual([]);
    expect(proxy.requests).toEqual([]);
  });

  test('that is too large is refused as a whole', async () => {
    const long = times(100, (index) => ({
      ...change('post/likes', `${index}`),
      note: 'x'.repeat(700),
    }));
    expect(await sendBatch(tally, long)).toMatchObject(invalid('body_too_large', 413));
    expect(await tally.items()).toEqual([]);
  });
});

test('the largest batch that callers can need is not too large', async () => {
  const subject = 's'.repeat(limits.nameLength);
  const results = await batch(
    times(limits.batchItems, (index) => ({
      subject,
      counter: 'likes',
      action: 'decrement',
      amount: limits.amount,
      idempotency_key: `${index}`.padEnd(limits.tokenLength, 'x'),
    })),
    { prefer: 'return=minimal' },
  );
  expect(results).toEqual(times(100, () => ({ status: 204 })));
});

test('an empty batch has no results', async () => {
  expect(await batch([])).toEqual([]);
});
