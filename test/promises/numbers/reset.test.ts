import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { adminKey } from '../../harness/access/callers.ts';
import { isSet } from '../../harness/counts/crowded-cells.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { countOf, readHistory, reset, wasReplayed } from '../../harness/http/requests.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: {
      likes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: open },
      sales: { kind: 'count', windows: ['all', 'day'], access: open },
      daily: { kind: 'count', windows: ['day'], access: open },
      stock: { kind: 'count', bounds: { min: 0 }, access: open },
      seats: { kind: 'count', bounds: { min: -10, max: 10 }, access: open },
    },
    instances: 2,
    startsAt: '2096-02-28T23:00:00Z',
    adminKey,
  }));
});

afterEach(() => proxy.stop());

const instance = (index: number) => tally.instances[index % tally.instances.length] ?? tally;
const count = async (counter: string) => countOf(await tally.read(counter, { consistent: 'true' }));
const today = async (counter: string) => countOf(await tally.read(counter, { window: 'day' }));

/** What resets took away, as the cells say. */
async function takenAway(): Promise<number> {
  const cells = (await tally.items()).filter(({ pk }) => String(pk).startsWith('c#'));
  return cells.reduce((sum, { z = 0 }) => sum + Number(z), 0);
}

describe('a reset', () => {
  test.each(['likes', 'sales', 'stock', 'daily', 'views'])(
    'takes %s back to 0',
    async (counter) => {
      const name = `post/${counter}`;
      for (const amount of [5, 7, -2]) await tally.change(name, amount, { token: `${amount}` });
      await tally.settle();
      expect(await reset(tally, name, 'clear')).toMatchObject({
        status: 200,
        body: { count: 0, updated_at: '2096-02-28T23:00:00.000Z', pending: false },
      });
      expect(await count(name)).toBe(0);
      await tally.settle();
      expect(await count(name)).toBe(0);
      expect(countOf(await tally.change(name, 3, { token: 'next' }))).toBe(3);
    },
  );

  test.each([
    ['views', { window: 'all', unchanged: ['day'] }],
    ['likes', { window: 'all', unchanged: [] }],
    ['daily', { window: 'day', unchanged: [] }],
  ])('of %s says which window it was of, and so does a set', async (counter, scope) => {
    const name = `post/${counter}`;
    await tally.change(name, 3, { token: 'three' });
    await tally.settle();
    expect(await reset(tally, name, 'clear')).toMatchObject({ body: { count: 0, scope } });
    expect(await reset(tally, name, 'clear')).toMatchObject({ body: { count: 0, scope } });
    if (scope.unchanged.length > 0) expect(await today(name)).toBe(3);
    const body = { action: 'set', value: 8 };
    const headers = { authorization: `Bearer ${adminKey}` };
    const answer = await tally.send({ method: 'POST', path: `/v1/${name}`, headers, body });
    expect(answer).toMatchObject({ status: 200, body: { count: 8, scope } });
    expect((await tally.change(name, 1)).body).not.toHaveProperty('scope');
  });

  test('works upwards, too', async () => {
    await tally.change('post/likes', -4);
    await tally.change('room/seats', -4);
    for (const name of ['post/likes', 'room/seats']) {
      expect(await reset(tally, name)).toMatchObject({ status: 200, body: { count: 0 } });
      expect(await count(name)).toBe(0);
    }
  });

  test.each(['post/likes', 'post/sales', 'room/seats'])(
    'of %s at the same moment as others takes the count away once',
    async (name) => {
      await tally.change(name, 10, { token: 'ten' });
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, index) => reset(instance(index), name, `clear-${index}`)),
      );
      for (const { status } of answers) expect([200, 503]).toContain(status);
      expect(await count(name)).toBe(0);
      expect(await takenAway()).toBe(10);
    },
  );

  test('of a counter nobody touched leaves it at 0', async () => {
    for (const name of ['post/likes', 'room/seats']) {
      expect(await reset(tally, name, 'clear')).toMatchObject({ status: 200, body: { count: 0 } });
      expect(await count(name)).toBe(0);
    }
  });

  test('of a total of several cells takes the sum away', async () => {
    for (const shard of [0, 1, 2]) {
      const attributes = { n: 10 + shard, ...(shard === 0 ? { s: 3 } : {}) };
      await tally.seedCell({ subject: 'post', counter: 'likes', shard }, attributes);
    }
    expect(await reset(tally, 'post/likes')).toMatchObject({ body: { count: 0 } });
    expect(await count('post/likes')).toBe(0);
  });

  test.each(['post/likes', 'room/seats'])(
    'of %s can be made again when those before have given back as much as they took',
    async (name) => {
      for (const amount of [5, -5, 7]) {
        await tally.change(name, amount);
        expect(await reset(tally, name)).toMatchObject({ status: 200, body: { count: 0 } });
        expect(await count(name)).toBe(0);
      }
    },
  );

  test.each(['1', '-1'])(
    'of a total beyond 2^53 (%s) takes it away to the last one',
    async (sign) => {
      const half = BigInt(sign) * (2n ** 53n + 1n);
      await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: half, s: 2 });
      await tally.seedCell({ subject: 'post', counter: 'likes', shard: 1 }, { n: half });
      expect(await reset(tally, 'post/likes', 'clear')).toMatchObject({
        status: 200,
        body: { count: 0 },
      });
      await tally.settle();
      expect(await count('post/likes')).toBe(0);
      expect(wasReplayed(await reset(tally, 'post/likes', 'clear'))).toBe(true);
      expect(countOf(await tally.change('post/likes', 3))).toBe(3);
    },
  );

  test('of a total of several cells looks at the table, not at what is remembered', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 10, s: 3 });
    expect(countOf(await tally.change('post/likes', 1))).toBe(11);
    await instance(1).change('post/likes', 7);
    expect(await reset(tally, 'post/likes')).toMatchObject({ status: 200 });
    expect(await count('post/likes')).toBe(0);
  });

  test('sent twice with one token is made once', async () => {
    await tally.change('post/likes', 10);
    expect(wasReplayed(await reset(tally, 'post/likes', 'clear'))).toBe(false);
    await tally.change('post/likes', 4);
    for (let index = 0; index < 3; index++) {
      const again = await reset(instance(index), 'post/likes', 'clear');
      expect(again).toMatchObject({ status: 200, body: { count: 4, pending: false } });
      expect(wasReplayed(again)).toBe(true);
    }
    expect(await takenAway()).toBe(10);
  });

  test('sent many times at once with one token is made once', async () => {
    await tally.change('post/likes', 10);
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, index) => reset(instance(index), 'post/likes', 'clear')),
    );
    for (const answer of answers) expect(answer).toMatchObject({ body: { count: 0 } });
    expect(answers.filter(wasReplayed)).toHaveLength(8);
    expect(await count('post/likes')).toBe(0);
  });

  test.each(['likes', 'stock', 'views'])(
    'of %s takes no token of a change, nor gives one to a change',
    async (counter) => {
      const reused = { status: 422, body: { code: 'idempotency_key_reused' } };
      // By the same sender: others have idempotency keys of their own.
      const headers = { authorization: `Bearer ${adminKey}` };
      await tally.change(`post/${counter}`, 5, { token: 'change', headers });
      await tally.settle();
      expect(await reset(tally, `post/${counter}`, 'change')).toMatchObject(reused);
      expect(await count(`post/${counter}`)).toBe(5);
      await reset(tally, `post/${counter}`, 'clear');
      const again = { token: 'clear', headers };
      expect(await tally.change(`post/${counter}`, 5, again)).toMatchObject(reused);
      await tally.settle();
      expect(await count(`post/${counter}`)).toBe(0);
    },
  );

  test('takes the admin key', async () => {
    await tally.change('post/likes', 5);
    expect(await tally.send({ method: 'POST', path: '/v1/post/likes/reset' })).toMatchObject({
      status: 401,
      body: { code: 'key_required' },
    });
    expect(await count('post/likes')).toBe(5);
  });
});

describe('history', () => {
  test.each(['sales', 'views'])('of %s stays: only the shown window is reset', async (counter) => {
    const name = `post/${counter}`;
    await tally.change(name, 5, { token: 'a' });
    tally.clock.moveTo('2096-02-29T12:00:00Z');
    await tally.change(name, 3, { token: 'b' });
    await tally.settle();
    await reset(tally, name, 'clear');
    await tally.settle();
    expect(await count(name)).toBe(0);
    expect(await today(name)).toBe(3);
    const query = { window: 'day', from: '2096-02-28', to: '2096-02-29' };
    expect(await readHistory(tally, name, query)).toMatchObject({
      body: { rows: [{ count: 5 }, { count: 3 }] },
    });
  });

  test('of a counter that shows its day: the reset is the day’s, and the days before stay', async () => {
    await tally.change('post/daily', 5);
    tally.clock.moveTo('2096-02-29T12:00:00Z');
    await tally.change('post/daily', 3);
    await reset(tally, 'post/daily');
    const query = { window: 'day', from: '2096-02-28', to: '2096-02-29' };
    expect(await readHistory(tally, 'post/daily', query)).toMatchObject({
      body: { rows: [{ count: 5 }, { count: 0 }] },
    });
  });
});

describe('increments that a reset does not see', () => {
  test.each(['likes', 'sales', 'views'])('of %s survive it', async (counter) => {
    const name = `post/${counter}`;
    const amounts = Array.from({ length: 60 }, (_, index) => 1 + (index % 3));
    // One delivery after the other, as a stream shard has it.
    let delivered = Promise.resolve();
    await Promise.all(
      amounts.map(async (amount, index) => {
        const answer =
          index % 20 === 10
            ? await reset(instance(index), name, `clear-${Math.floor(index / 40)}`)
            : await instance(index).change(name, amount, { token: `token-${index}` });
        expect(answer).toMatchObject({ status: 200 });
        if (index % 15 === 0) delivered = delivered.then(() => tally.settle());
      }),
    );
    await delivered;
    await tally.settle();
    const added = amounts.filter((_, index) => index % 20 !== 10).reduce((a, b) => a + b, 0);
    expect((await tally.items()).filter(({ f }) => f === 'reset')).toHaveLength(2);
    expect(await count(name)).toBe(added - (await takenAway()));
    if (counter !== 'likes') expect(await today(name)).toBe(added);
  });

  test('survive it to the last one, whatever comes between its look and its write', async () => {
    await tally.change('post/likes', 10);
    const gate = proxy.hold({ operation: 'UpdateItem', where: isSet, times: 1 });
    const clear = reset(tally, 'post/likes', 'clear');
    await gate.reached();
    await instance(1).change('post/likes', 7);
    gate.open();
    expect(await clear).toMatchObject({ status: 200, body: { count: 7 } });
    expect(await count('post/likes')).toBe(7);
  });

  test('survive it, also if they are pending', async () => {
    await tally.change('post/views', 10, { token: 'a' });
    await tally.settle();
    await tally.change('post/views', 5, { token: 'b' });
    expect(await reset(tally, 'post/views', 'clear')).toMatchObject({ body: { count: 0 } });
    await tally.settle();
    expect(await count('post/views')).toBe(5);
  });
});

describe('a bounded counter', () => {
  test('never leaves its bounds, with resets among those who take', async () => {
    await tally.change('shoe/stock', 60);
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, index) =>
        index % 20 === 10
          ? reset(instance(index), 'shoe/stock', `clear-${index}`)
          : instance(index).change(
              'shoe/stock',
              -1 - (index % 3),
              index % 2 ? { token: `token-${index}` } : {},
            ),
      ),
    );
    for (const { status, body } of answers) {
      expect([200, 409, 503]).toContain(status);
      if (status === 503) expect(body).toMatchObject({ code: 'contended' });
      else expect(countOf({ status, headers: {}, body })).toBeGreaterThanOrEqual(0);
    }
    const taken = answers.reduce(
      (sum, { status }, index) =>
        index % 20 !== 10 && status === 200 ? sum + 1 + (index % 3) : sum,
      0,
    );
    expect(await count('shoe/stock')).toBe(60 - taken - (await takenAway()));
    expect(await count('shoe/stock')).toBeGreaterThanOrEqual(0);
  });

  test('is reset to exactly 0: what comes between look and write is looked at again', async () => {
    await tally.change('shoe/stock', 10);
    const gate = proxy.hold({ operation: 'UpdateItem', where: isSet, times: 1 });
    const clear = reset(tally, 'shoe/stock', 'clear');
    await gate.reached();
    await instance(1).change('shoe/stock', -9);
    gate.open();
    expect(await clear).toMatchObject({ status: 200, body: { count: 0 } });
    expect(await takenAway()).toBe(1);
    expect(proxy.requests.filter(({ body }) => isSet(body))).toHaveLength(2);
  });

  test.each(['shoe/stock', 'room/seats'])(
    'lets increments survive: %s need not be at rest',
    async (name) => {
      await tally.change(name, 10);
      const gate = proxy.hold({ operation: 'UpdateItem', where: isSet, times: 1 });
      const clear = reset(tally, name, 'clear');
      await gate.reached();
      const room = name === 'room/seats' ? -3 : 7;
      await instance(1).change(name, room);
      gate.open();
      expect(await clear).toMatchObject({ status: 200 });
      expect(await takenAway()).toBe(10);
      expect(await count(name)).toBe(room);
    },
  );

  test('is not carried over its other bound by what comes between look and write', async () => {
    await tally.change('room/seats', -4);
    const gate = proxy.hold({ operation: 'UpdateItem', where: isSet, times: 1 });
    const clear = reset(tally, 'room/seats', 'clear');
    await gate.reached();
    await instance(1).change('room/seats', 14);
    gate.open();
    expect(await clear).toMatchObject({ status: 200, body: { count: 0 } });
    expect(await takenAway()).toBe(10);
  });

  test('that is never at rest is not reset, and the answer says so', async () => {
    await tally.change('shoe/stock', 10);
    const injection = proxy.inject({ effect: 'throttle', operation: 'UpdateItem', where: isSet });
    expect(await reset(tally, 'shoe/stock', 'clear')).toMatchObject({
      status: 503,
      body: { code: 'contended' },
    });
    expect(tally.pauses.length).toBeLessThanOrEqual(limits.registerAttempts);
    injection.remove();
    expect(await count('shoe/stock')).toBe(10);
    expect(await reset(tally, 'shoe/stock', 'clear')).toMatchObject({ body: { count: 0 } });
  });
});

describe.each(['lose reply', 'error after commit'] as const)('%s of a reset', (effect) => {
  test.each(['likes', 'stock'])('of %s: it is made once', async (counter) => {
    await tally.change(`post/${counter}`, 10);
    proxy.inject({ effect, operation: 'UpdateItem', where: isSet, times: 1 });
    expect(await reset(tally, `post/${counter}`, 'clear')).toMatchObject({
      status: 200,
      body: { count: 0 },
    });
    expect(await count(`post/${counter}`)).toBe(0);
  });
});
