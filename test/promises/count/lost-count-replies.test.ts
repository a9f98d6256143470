import { UpdateItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crowdCells } from '../../harness/counts/crowded-cells.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { open, type TallyOptions, type TallyUnderTest } from '../../harness/tally-under-test.ts';

const counters: TallyOptions['counters'] = {
  likes: { kind: 'count', access: open },
  views: { kind: 'count', write: 'deferred', access: open },
  stock: { kind: 'count', bounds: { min: 0 }, access: open },
};

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({ counters }));
});

afterEach(() => proxy.stop());

const writes = ['UpdateItem', 'PutItem'];
/** What counts a change with a token. */
const countingWrites = { likes: 'UpdateItem', views: 'PutItem', stock: 'UpdateItem' } as const;
const all = Object.keys(countingWrites) as (keyof typeof countingWrites)[];

async function settledCount(counter: string): Promise<unknown> {
  await tally.settle();
  const { body } = await tally.read(counter, { consistent: 'true' });
  return (body as { count: unknown }).count;
}

describe.each(['lose reply', 'error after commit'] as const)('%s', (effect) => {
  test.each(['likes', 'views', 'stock'])(
    'of a change of %s with a token: it counts once, and the caller notices nothing',
    async (counter) => {
      proxy.inject({ effect, operation: writes, times: 1 });
      const answer = await tally.change(`post/${counter}`, 3, { token: 'a' });
      expect(answer).toMatchObject({ status: 200, body: { count: 3 } });
      expect(answer.headers).not.toHaveProperty('idempotency-replayed');
      expect(proxy.forwarded()).toBeGreaterThan(1);
      expect(await settledCount(`post/${counter}`)).toBe(3);
    },
  );

  test.each(all)(
    'of every attempt to count a change of %s: sent again with the same token it counts once',
    async (counter) => {
      const injection = proxy.inject({ effect, operation: countingWrites[counter] });
      const unknown = await tally.change(`post/${counter}`, 3, { token: 'a' });
      expect(unknown).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
        body: { code: 'outcome_unknown' },
      });
      injection.remove();
      const again = await tally.change(`post/${counter}`, 3, { token: 'a' });
      expect(again).toMatchObject({
        status: 200,
        headers: { 'idempotency-replayed': 'true' },
        body: { count: 3 },
      });
      expect(await settledCount(`post/${counter}`)).toBe(3);
    },
  );

  test.each(['likes', 'stock'])(
    'of every attempt to claim a token for %s: nothing is counted, until it is sent again',
    async (counter) => {
      const injection = proxy.inject({ effect, operation: 'PutItem' });
      expect(await tally.change(`post/${counter}`, 3, { token: 'a' })).toMatchObject({
        status: 503,
        body: { code: 'outcome_unknown' },
      });
      expect(await settledCount(`post/${counter}`)).toBe(0);
      injection.remove();
      const again = await tally.change(`post/${counter}`, 3, { token: 'a' });
      expect(again).toMatchObject({ status: 200, body: { count: 3 } });
      expect(again.headers).not.toHaveProperty('idempotency-replayed');
      expect(await settledCount(`post/${counter}`)).toBe(3);
    },
  );

  test.each(['likes', 'stock'])(
    'of a change of %s without a token: the outcome is unknown, and nothing is sent twice',
    async (counter) => {
      proxy.inject({ effect, operation: writes });
      const answer = await tally.change(`post/${counter}`, 3);
      expect(answer).toMatchObject({ status: 503, body: { code: 'outcome_unknown' } });
      expect(proxy.requests).toHaveLength(1);
      expect(await settledCount(`post/${counter}`)).toBe(3);
    },
  );
});

describe('a reply that is lost, when the attempts after it write nothing', () => {
  const unknown = { status: 503, body: { code: 'outcome_unknown' } };

  test.each([{}, { token: 'a' }])(
    'because they are throttled: a deferred change is not said to have changed nothing: %o',
    async (options) => {
      proxy.inject({ effect: 'lose reply', operation: 'PutItem', times: 1 });
      proxy.inject({ effect: 'throttle', operation: 'PutItem' });
      expect(await tally.change('post/views', 3, options)).toMatchObject(unknown);
      expect(await settledCount('post/views')).toBe(3);
    },
  );

  test.each(all)('because nothing listens any more: neither is %s', async (counter) => {
    const gate = proxy.hold({ operation: countingWrites[counter], side: 'reply' });
    const answer = tally.change(`post/${counter}`, 3, { token: 'a' });
    await gate.reached();
    await proxy.stop();
    expect(await answer).toMatchObject(unknown);
    expect(await tally.items()).toContainEqual(expect.objectContaining({ d: 3 }));
  });

  const thenThrottled = (times?: number) => {
    proxy.inject({ effect: 'lose reply', operation: 'UpdateItem', times: 1 });
    return crowdCells(proxy, times);
  };

  test.each(['likes', 'stock'])(
    'because the cell is over its rate: a change of %s is found to be counted, and is no replay',
    async (counter) => {
      const crowd = thenThrottled();
      const found = await tally.change(`post/${counter}`, 3, { token: 'a' });
      expect(found).toMatchObject({ status: 200, body: { count: 3 } });
      expect(found.headers).not.toHaveProperty('idempotency-replayed');
      expect(await settledCount(`post/${counter}`)).toBe(3);
      crowd.remove();
      expect(await tally.change(`post/${counter}`, 3, { token: 'a' })).toMatchObject({
        status: 200,
        headers: { 'idempotency-replayed': 'true' },
        body: { count: 3 },
      });
    },
  );

  test.each(['likes', 'stock'])(
    'because the cell is over its rate, and cannot be read: a change of %s is not said to be refused',
    async (counter) => {
      thenThrottled();
      const reads = proxy.inject({ effect: 'throttle', operation: ['GetItem', 'BatchGetItem'] });
      expect(await tally.change(`post/${counter}`, 3, { token: 'a' })).toMatchObject(unknown);
      reads.remove();
      expect(await settledCount(`post/${counter}`)).toBe(3);
    },
  );

  test.each(['likes', 'stock'])(
    'because the cell is over its rate for a moment: a change of %s counts once',
    async (counter) => {
      thenThrottled(3);
      expect(await tally.change(`post/${counter}`, 3, { token: 'a' })).toMatchObject({
        status: 200,
        body: { count: 3 },
      });
      expect(await settledCount(`post/${counter}`)).toBe(3);
    },
  );

  test('because it is out of bounds by then: the change is refused only when it never can be counted', async () => {
    await tally.change('post/stock', 1);
    proxy.inject({ effect: 'drop before commit', operation: 'UpdateItem', times: 1 });
    const requestsBefore = proxy.requests.length;
    const refused = await tally.change('post/stock', -2, { token: 'a' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'out_of_bounds', count: 1 } });
    // The call that was lost comes after all, when there is room.
    const lost = proxy.requests
      .slice(requestsBefore)
      .find(({ operation }) => operation === 'UpdateItem');
    await tally.change('post/stock', 5);
    const late = new UpdateItemCommand(lost?.body as unknown as UpdateItemCommandInput);
    await expect(tally.table.client.send(late)).rejects.toThrow('conditional request failed');
    expect(await settledCount('post/stock')).toBe(6);
    // The token is free.
    expect(await tally.change('post/stock', -2, { token: 'a' })).toMatchObject({
      status: 200,
      body: { count: 4 },
    });
  });
});

describe.each(['drop before commit', 'server error before commit'] as const)('%s', (effect) => {
  test.each(['likes', 'stock'])(
    'of a change of %s without a token is not told from a lost reply, so it is not sent again',
    async (counter) => {
      proxy.inject({ effect, operation: writes });
      const answer = await tally.change(`post/${counter}`, 3);
      expect(answer).toMatchObject({ status: 503, body: { code: 'outcome_unknown' } });
      expect(proxy.requests).toHaveLength(1);
      expect(await settledCount(`post/${counter}`)).toBe(0);
    },
  );

  test.each(['likes', 'views', 'stock'])(
    'of a change of %s with a token is made good',
    async (counter) => {
      proxy.inject({ effect, operation: writes, times: 1 });
      expect(await tally.change(`post/${counter}`, 3, { token: 'a' })).toMatchObject({
        status: 200,
        body: { count: 3 },
      });
      expect(await settledCount(`post/${counter}`)).toBe(3);
    },
  );

  test('of a read is made good', async () => {
    proxy.inject({ effect, times: 1 });
    expect(await tally.read('post/likes')).toMatchObject({ status: 200, body: { count: 0 } });
  });
});

describe('a change that is written while the count behind it cannot be read', () => {
  test.each([
    ['likes', 'with a token', { token: 'a' }],
    ['likes', 'without a token', {}],
    ['views', 'with a token', { token: 'a' }],
    ['views', 'without a token', {}],
  ])('of %s %s is not said to have changed nothing', async (counter, _, options) => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 0, s: 2 });
    proxy.inject({
      effect: 'server error before commit',
      operation: ['GetItem', 'BatchGetItem'],
    });
    const { status, body } = await tally.change(`post/${counter}`, 3, options);
    expect(await settledItems()).toHaveLength(1);
    if (status !== 204) expect(body).toMatchObject({ code: 'outcome_unknown' });
  });

  /** The cells that hold something, read past the proxy. */
  async function settledItems(): Promise<unknown[]> {
    await tally.settle();
    return (await tally.items()).filter(({ n }) => n === 3);
  }
});

describe('with the engine down', () => {
  beforeEach(() => proxy.stop());

  test.each([
    ['a read', () => tally.read('post/likes')],
    ['a consistent read', () => tally.read('post/likes', { consistent: 'true' })],
    ['a change with a token', () => tally.change('post/likes', 1, { token: 'a' })],
    ['a change without one', () => tally.change('post/likes', 1)],
    ['a deferred change', () => tally.change('post/views', 1, { token: 'a' })],
    ['a bounded change', () => tally.change('post/stock', 1)],
    ['the health check', () => tally.send({ method: 'GET', path: '/v1/health' })],
  ])('%s is 503 unavailable, to be sent again', async (_, send) => {
    expect(await send()).toMatchObject({
      status: 503,
      headers: {
        'content-type': 'application/problem+json',
        'retry-after': expect.stringMatching(/^\d+$/),
      },
      body: { code: 'unavailable' },
    });
    expect(await tally.items()).toEqual([]);
  });
});

test('a deferred change is not added to a total that is read after it: the fold may have been faster', async () => {
  // The read beside the write fails in all its attempts; a later one would succeed.
  const reads = ['GetItem', 'BatchGetItem'];
  proxy.inject({ effect: 'server error before commit', operation: reads, times: 3 });
  const answer = await tally.change('post/views', 3, { token: 'a' });
  expect(answer).toMatchObject({ status: 204, body: '' });
  expect(proxy.requests.filter(({ operation }) => reads.includes(operation))).toHaveLength(3);
  expect(await settledCount('post/views')).toBe(3);
});
