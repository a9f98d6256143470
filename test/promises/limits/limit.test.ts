import { beforeEach, describe, expect, test } from 'vitest';
import { itemPrefixes } from '../../../functions/dynamo/item-prefixes.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { admin, adminKey, makeKey } from '../../harness/access/callers.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import {
  type Answer,
  createTallyUnderTest,
  type Instance,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const counters = {
  calls: { kind: 'limit', max: 100, perSeconds: 60, access: open },
  steady: { kind: 'limit', max: 10, perSeconds: 1, burst: 1, access: open },
  guarded: { kind: 'limit', max: 5, perSeconds: 60, access: keyed },
  likes: { kind: 'count', access: open },
} as const;

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({ counters, adminKey, instances: 3 });
});

const post = (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => ({
  method: 'POST',
  path: `/v1/${path}`,
  headers,
  ...(body === undefined ? {} : { body }),
});
const take = (cost?: number, instance: Pick<Instance, 'send'> = tally): Promise<Answer> =>
  instance.send(post('acme/calls/take', cost === undefined ? undefined : { cost }));
const giveBack = (cost: number) => tally.send(post('acme/calls/return', { cost }));

describe('a limit', () => {
  test('lets through as much as it says, on all containers together, and then says when there is room', async () => {
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, index) => take(1, tally.instances[index % 3])),
    );
    const bodies = answers.map(({ status, body }) => {
      expect(status).toBe(200);
      return body as { allowed: boolean; remaining: number; retry_after_ms: number };
    });
    expect(bodies.filter(({ allowed }) => allowed)).toHaveLength(100);
    for (const { allowed, ...rest } of bodies) {
      if (!allowed) expect(rest).toEqual({ remaining: 0, retry_after_ms: 600 });
      else expect(rest.retry_after_ms).toBe(0);
    }
  });

  test('has room again exactly when it said, as much as has come back', async () => {
    await take(100);
    expect(await take(10)).toMatchObject({
      body: { allowed: false, remaining: 0, retry_after_ms: 6_000 },
    });
    tally.clock.advance(5_999);
    expect(await take(10)).toMatchObject({
      body: { allowed: false, remaining: 9, retry_after_ms: 1 },
    });
    tally.clock.advance(1);
    expect(await take(10)).toMatchObject({ body: { allowed: true, remaining: 0 } });
  });

  test('takes all of a cost or nothing', async () => {
    await take(95);
    expect(await take(10)).toMatchObject({ body: { allowed: false, remaining: 5 } });
    expect(await take(5)).toMatchObject({ body: { allowed: true, remaining: 0 } });
  });

  test('lets through at once what its burst says, whatever comes back in a time', async () => {
    const once = () => tally.send(post('acme/steady/take'));
    expect(await once()).toMatchObject({ body: { allowed: true } });
    expect(await once()).toMatchObject({ body: { allowed: false, retry_after_ms: 100 } });
    tally.clock.advance(100);
    expect(await once()).toMatchObject({ body: { allowed: true } });
    tally.clock.advance(10_000);
    expect(await once()).toMatchObject({ body: { allowed: true } });
    expect(await once()).toMatchObject({ body: { allowed: false } });
  });

  test('is read without taking from it', async () => {
    await take(40);
    for (let reads = 0; reads < 3; reads++) {
      expect(await tally.read('acme/calls')).toMatchObject({
        status: 200,
        body: { allowed: true, remaining: 60, retry_after_ms: 0 },
      });
    }
    expect(await tally.read('globex/calls')).toMatchObject({ body: { remaining: 100 } });
  });

  test('gets back what was not used, and never has more room than its burst', async () => {
    await take(50);
    expect(await giveBack(20)).toMatchObject({ body: { allowed: true, remaining: 70 } });
    // Case 10: -50 made room for 150 in a minute of 100.
    for (let times = 0; times < 3; times++) {
      expect(await giveBack(50)).toMatchObject({ body: { allowed: true, remaining: 100 } });
    }
    expect(await take(100)).toMatchObject({ body: { allowed: true } });
    expect(await take(1)).toMatchObject({ body: { allowed: false } });
  });

  test('that was never taken from has nothing to get back, and leaves no item', async () => {
    expect(await giveBack(100)).toMatchObject({ body: { remaining: 100 } });
    expect(await tally.items()).toEqual([]);
  });

  test('lets a container that has refused see soon what another gave back', async () => {
    const [one, other] = tally.instances;
    await take(100, one);
    expect(await take(1, one)).toMatchObject({ body: { allowed: false } });
    await other?.send(post('acme/calls/return', { cost: 10 }));
    tally.clock.advance(limits.trustRefusalMs);
    expect(await take(1, one)).toMatchObject({ body: { allowed: true } });
  });

  test('stays until it is whole again, and a minute for clocks that differ', async () => {
    await take(100);
    const [item] = await tally.items();
    const nowSeconds = tally.clock.now() / 1000;
    expect(item).toMatchObject({ pk: `${itemPrefixes.allowance}acme#calls`, sk: 'local' });
    expect(item?.x).toBe(nowSeconds + 120 + limits.allowanceGraceSeconds);
  });
});

describe('what a limit does not take', () => {
  test.each([0, -1, 1.5, '1', null, 101, 1_000_001])('a cost of %j', async (cost) => {
    for (const operation of ['take', 'return']) {
      expect(await tally.send(post(`acme/calls/${operation}`, { cost }))).toMatchObject({
        status: 400,
        body: { code: 'invalid_cost' },
      });
    }
    expect(await tally.items()).toEqual([]);
  });

  test('an Idempotency-Key, which promises what a limit does not keep', async () => {
    for (const operation of ['take', 'return']) {
      const request = post(`acme/calls/${operation}`, { cost: 1 }, { 'idempotency-key': 'k' });
      expect(await tally.send(request)).toMatchObject({
        status: 400,
        body: { code: 'invalid_idempotency_key', header: 'Idempotency-Key' },
      });
    }
  });

  test('history, live updates, resets, increments and subscriptions', async () => {
    const query = { window: 'day', from: '2096-02-01', to: '2096-02-02' };
    const answers = [
      await tally.read('acme/calls/history', query),
      await tally.read('acme/calls/live'),
      await tally.change('acme/calls', 1),
      await tally.send(post('acme/calls/reset', undefined, admin)),
      await tally.send({
        method: 'PUT',
        path: '/v1/users/ana/subscriptions/acme/calls',
        headers: admin,
      }),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'wrong_kind' } });
    }
    expect(await tally.read('acme/calls', { window: 'day' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_window' },
    });
    expect(await tally.send(post('acme/likes/take'))).toMatchObject({
      status: 409,
      body: { code: 'wrong_kind' },
    });
  });
});

test('a limit is among the counters of a subject, and in a batch', async () => {
  await take(1);
  const room = { allowed: true, remaining: 99, retry_after_ms: 0 };
  expect(await tally.read('acme')).toMatchObject({ body: { counters: { calls: room } } });
  const items = [{ subject: 'acme', counter: 'calls', action: 'read' }];
  expect(await tally.send(post('batch', { items }))).toMatchObject({
    body: { results: [{ status: 200, ...room }] },
  });
});

test('a caller that may only write is told whether it may go on, and not what remains', async () => {
  const writer = await makeKey(tally, [{ actions: ['write'], subjects: ['*'] }]);
  for (const operation of ['take', 'return']) {
    const { body } = await tally.send(
      post(`acme/guarded/${operation}`, { cost: 1 }, writer.headers),
    );
    expect(body).toEqual({ allowed: true, retry_after_ms: 0 });
  }
});

describe('a take', () => {
  test('is one call, two at most where a container does not know the limit, and none once there is no room', async () => {
    const { tally: watched, proxy } = await createTallyBehindProxy({
      counters,
      table: tally.table,
    });
    const callsOf = async (work: () => Promise<unknown>) => {
      proxy.forget();
      await work();
      return { writes: proxy.forwarded('UpdateItem'), reads: proxy.forwarded('GetItem') };
    };
    expect(await callsOf(() => take(1, watched))).toEqual({ writes: 1, reads: 0 });
    expect(await callsOf(() => take(1, watched))).toEqual({ writes: 1, reads: 0 });
    await take(90);
    expect(await callsOf(() => take(8, watched))).toEqual({ writes: 1, reads: 0 });
    expect(await callsOf(() => take(1, watched))).toEqual({ writes: 0, reads: 0 });
    // The first of another container takes it for whole.
    const other = await createTallyBehindProxy({ counters, table: tally.table });
    await take(1, other.tally);
    expect(other.proxy.forwarded('UpdateItem')).toBeLessThanOrEqual(2);
    await other.proxy.stop();
    // Whole by now, which a container knows without asking.
    watched.clock.advance(60_000);
    tally.clock.advance(60_000);
    expect(await callsOf(() => take(1, watched))).toEqual({ writes: 1, reads: 0 });
    await proxy.stop();
  });

  test('whose reply was lost lets through less, and one that was returned is not returned twice', async () => {
    const { tally: watched, proxy } = await createTallyBehindProxy({
      counters,
      table: tally.table,
    });
    await take(50, watched);
    proxy.inject({ effect: 'lose reply', operation: 'UpdateItem', times: 1 });
    expect(await take(10, watched)).toMatchObject({ body: { allowed: true, remaining: 30 } });
    proxy.inject({ effect: 'lose reply', operation: 'UpdateItem', times: 1 });
    expect(await watched.send(post('acme/calls/return', { cost: 10 }))).toMatchObject({
      status: 503,
      body: { code: 'outcome_unknown' },
    });
    expect(await tally.read('acme/calls')).toMatchObject({ body: { remaining: 40 } });
    await proxy.stop();
  });
});
