/** Setting a count, and changing one by as much as fits into its bounds. */

import { beforeEach, describe, expect, test } from 'vitest';
import { admin, adminKey } from '../../harness/access/callers.ts';

import {
  type Answer,
  createTallyUnderTest,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', access: open },
      visits: { kind: 'count', windows: ['all', 'day'], access: open },
      stock: { kind: 'count', bounds: { min: 0, max: 100 }, access: open },
    },
    instances: 3,
    adminKey,
  });
});

const instance = (index: number) => tally.instances[index % 3] ?? tally;

const send = (
  counter: string,
  body: object,
  { token, headers = admin, on = tally }: SendOptions = {},
): Promise<Answer> =>
  on.send({
    method: 'POST',
    path: `/v1/${counter}`,
    headers: { ...headers, ...(token !== undefined && { 'idempotency-key': token }) },
    body,
  });

interface SendOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly on?: Pick<TallyUnderTest, 'send'>;
}

const set = (counter: string, value: number, options?: SendOptions) =>
  send(counter, { action: 'set', value }, options);

const count = async (counter: string, window?: string) => {
  const query = { consistent: 'true', ...(window !== undefined && { window }) };
  return ((await tally.read(counter, query)).body as { count: number }).count;
};

const isReplay = ({ headers }: Answer) => headers['idempotency-replayed'] === 'true';

describe('POST', () => {
  test('on a count means the same as PUT, also where the path names no counter', async () => {
    expect(
      await send('post/likes', { action: 'increment', amount: 2 }, { headers: {} }),
    ).toMatchObject({
      status: 200,
      body: { count: 2, pending: false },
    });
    const again = await tally.change('post/likes', 3, { token: 'a' });
    expect(again).toMatchObject({ body: { count: 5 } });
    const replay = await send(
      'post/likes',
      { action: 'increment', amount: 3 },
      { token: 'a', headers: {} },
    );
    expect(replay).toMatchObject({ status: 200, body: { count: 5 } });
    expect(isReplay(replay)).toBe(true);
  });
});

describe('a count that is set', () => {
  test.each([{}, { token: 'a' }])('is that, upwards and downwards: %o', async (options) => {
    await tally.change('post/likes', 7);
    expect(await set('post/likes', 3, options)).toMatchObject({ status: 200, body: { count: 3 } });
    expect(await set('other/likes', 3, options)).toMatchObject({ body: { count: 3 } });
    await tally.change('post/likes', 1);
    expect(await set('post/likes', -40)).toMatchObject({ body: { count: -40, pending: false } });
    expect(await count('post/likes')).toBe(-40);
  });

  test('is set once with the same key, also later', async () => {
    await set('post/likes', 10, { token: 'a' });
    await tally.change('post/likes', 5);
    const again = await set('post/likes', 10, { token: 'a', on: instance(1) });
    expect(again).toMatchObject({ status: 200, body: { count: 15 } });
    expect(isReplay(again)).toBe(true);
    expect(await set('post/likes', 11, { token: 'a' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
  });

  test('keeps increments that come at the same time, and two sets take away what there was once', async () => {
    for (let round = 0; round < 10; round++) {
      const subject = `round-${round}`;
      await tally.change(`${subject}/likes`, 100);
      const sets = [0, 1].map((index) =>
        set(`${subject}/likes`, 0, {
          on: instance(index),
          ...(round % 2 && { token: `${index}` }),
        }),
      );
      const changes = Array.from({ length: 10 }, (_, index) =>
        instance(index).change(`${subject}/likes`, 1, { token: `change-${index}` }),
      );
      for (const answer of await Promise.all([...sets, ...changes])) {
        expect(answer).toMatchObject({ status: 200 });
      }
      const left = await count(`${subject}/likes`);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left).toBeLessThanOrEqual(10);
    }
  });

  test('is set over several cells, and its other windows stay what they were', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 5, s: 2 });
    await tally.seedCell({ subject: 'post', counter: 'likes', shard: 1 }, { n: 6 });
    expect(await set('post/likes', 2)).toMatchObject({ status: 200, body: { count: 2 } });
    expect(await count('post/likes')).toBe(2);
    await tally.change('post/visits', 4);
    await tally.settle();
    await set('post/visits', 1);
    await tally.settle();
    expect([await count('post/visits'), await count('post/visits', 'day')]).toEqual([1, 4]);
  });

  test('keeps what is pending', async () => {
    await tally.change('post/views', 3);
    await set('post/views', 10);
    await tally.settle();
    expect(await count('post/views')).toBe(13);
  });

  test('is set only if it is what was expected', async () => {
    const ifThree = { action: 'set', value: 8, expected: 3 };
    expect(await send('post/likes', ifThree)).toMatchObject({
      status: 412,
      body: { code: 'count_mismatch', count: 0 },
    });
    await tally.change('post/likes', 3);
    expect(await send('post/likes', ifThree, { token: 'a' })).toMatchObject({
      status: 200,
      body: { count: 8 },
    });
    expect(await send('post/likes', ifThree, { token: 'b' })).toMatchObject({
      status: 412,
      body: { code: 'count_mismatch', count: 8 },
    });
    expect(isReplay(await send('post/likes', ifThree, { token: 'a' }))).toBe(true);
    expect(await send('new/likes', { action: 'set', value: 1, expected: 0 })).toMatchObject({
      body: { count: 1 },
    });
  });

  test('by several who expect the same is set by one of them', async () => {
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, index) =>
        send(
          'post/likes',
          { action: 'set', value: index + 1, expected: 0 },
          { on: instance(index), token: `${index}` },
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(8);
  });
});

describe('a change by as much as fits', () => {
  const take = (amount: number, options?: SendOptions) =>
    send('shoe/stock', { action: 'decrement', amount, saturate: true }, options);

  test.each([{}, { token: 'a' }])('says how much that was: %o', async (options) => {
    await tally.change('shoe/stock', 5);
    expect(await take(3, options)).toMatchObject({ body: { count: 2, applied: 3 } });
    const rest = { ...options, ...('token' in options && { token: 'b' }) };
    expect(await take(3, rest)).toMatchObject({ body: { count: 0, applied: 2 } });
    const none = { ...options, ...('token' in options && { token: 'c' }) };
    expect(await take(3, none)).toMatchObject({ status: 200, body: { count: 0, applied: 0 } });
    const more = { action: 'increment', amount: 1_000, saturate: true };
    expect(await send('shoe/stock', more)).toMatchObject({ body: { count: 100, applied: 100 } });
  });

  test('says the same when it comes again', async () => {
    await tally.change('shoe/stock', 2);
    await take(5, { token: 'a' });
    await tally.change('shoe/stock', 50);
    const again = await take(5, { token: 'a', on: instance(1) });
    expect(again).toMatchObject({ status: 200, body: { count: 50, applied: 2 } });
    expect(isReplay(again)).toBe(true);
    expect(
      await send('shoe/stock', { action: 'decrement', amount: 5 }, { token: 'a' }),
    ).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  test('by many at once gives away what there is, and no more', async () => {
    await tally.change('shoe/stock', 50);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        take(3, { on: instance(index), ...(index % 2 && { token: `token-${index}` }) }),
      ),
    );
    const applied = answers.map(({ body }) => (body as { applied: number }).applied);
    expect(applied.reduce((sum, it) => sum + it, 0)).toBe(50);
    expect(await count('shoe/stock')).toBe(0);
  });
});

describe('what is refused, and writes nothing', () => {
  const anonymous = { headers: {} };
  const cases: [string, string, object, SendOptions, number, string][] = [
    [
      'a set without the right',
      'post/likes',
      { action: 'set', value: 1 },
      anonymous,
      401,
      'key_required',
    ],
    ['a set beyond bounds', 'shoe/stock', { action: 'set', value: 101 }, {}, 409, 'out_of_bounds'],
    ['a set without a value', 'post/likes', { action: 'set' }, {}, 400, 'invalid_body'],
    [
      'a set by an amount',
      'post/likes',
      { action: 'set', value: 1, amount: 1 },
      {},
      400,
      'unknown_field',
    ],
    ['a set to a fraction', 'post/likes', { action: 'set', value: 1.5 }, {}, 400, 'invalid_body'],
    [
      'an increment to a value',
      'post/likes',
      { action: 'increment', value: 1 },
      {},
      400,
      'unknown_field',
    ],
    [
      'as much as fits without bounds',
      'post/likes',
      { action: 'increment', saturate: true },
      {},
      409,
      'not_bounded',
    ],
  ];

  test.each(cases)('%s', async (_, counter, body, options, status, code) => {
    const answer = await send(counter, body, options);
    expect(answer).toMatchObject({ status, body: { code } });
    const cells = (await tally.items()).filter(({ pk }) => String(pk).startsWith('c#'));
    expect(cells).toEqual([]);
  });

  test('a set of what is expected in several cells', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 5, s: 2 });
    const before = await tally.items();
    for (const expected of [5, 6]) {
      expect(await send('post/likes', { action: 'set', value: 1, expected })).toMatchObject({
        status: 409,
        body: { code: 'not_single_cell' },
      });
    }
    expect(await tally.items()).toEqual(before);
  });
});
