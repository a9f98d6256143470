import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { cellWrites } from '../../harness/counts/cell-writes.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { type Answer, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: {
      likes: { kind: 'count', maxShards: 6, access: open },
      daily: { kind: 'count', windows: ['day'], maxShards: 4, access: open },
      views: { kind: 'count', write: 'deferred', access: open },
      stock: { kind: 'count', bounds: { min: 0 }, access: open },
    },
    instances: 2,
  }));
});

afterEach(() => proxy.stop());

const afterHotMs = limits.hotForMs + 1;

const count = async (counter: string) =>
  (await tally.read(counter, { consistent: 'true' })) as { body: { count: number } };

/** A function that writes knows of no more shards than one, until it reads the total behind a write. */
const learnShards = (counter: string) => tally.change(counter, 1);

const shardCount = async (key = { subject: 'post', counter: 'likes' }) =>
  (await tally.cell(key))?.s ?? 1;

describe('under conflicts on every transaction', () => {
  beforeEach(() => {
    proxy.inject({ effect: 'conflict', operation: 'TransactWriteItems', culprit: 1 });
  });

  test('every change is accepted as pending, and the settled count is exact', async () => {
    // 39 tokens, each once from every instance.
    const changes = tally.instances.flatMap((instance) =>
      Array.from({ length: 39 }, (_, index) =>
        instance.change('post/likes', 1 + (index % 3), { token: `token-${index}` }),
      ),
    );
    const answers = await Promise.all(changes);
    const isReplay = ({ headers }: Answer) => headers['idempotency-replayed'] === 'true';
    expect(answers.filter(isReplay)).toHaveLength(39);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 200, body: { pending: true } });
    }
    expect(await count('post/likes')).toMatchObject({ body: { count: 0 } });
    await tally.settle();
    expect(await count('post/likes')).toMatchObject({ body: { count: 39 * 2 } });
  });

  test('a pending answer includes the own change', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 10 });
    const answer = await tally.change('post/likes', 3, { token: 'a' });
    expect(answer).toMatchObject({ status: 200, body: { count: 13, pending: true } });
  });

  test('the total doubles its shards up to the maximum and never passes it', async () => {
    const seen: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      await tally.change('post/likes', 1, { token: `${round}` });
      seen.push(await shardCount());
      tally.clock.advance(afterHotMs);
    }
    expect(seen).toEqual([2, 4, 6, 6, 6]);
  });

  test('instances that ask for growth at once grow it once', async () => {
    const growth = proxy.hold({ operation: 'UpdateItem' });
    const changes = Promise.all(
      tally.instances.flatMap((instance) =>
        Array.from({ length: 10 }, (_, index) =>
          instance.change('post/likes', 1, { token: `${index}` }),
        ),
      ),
    );
    await growth.reached(20);
    growth.open();
    await changes;
    expect(await shardCount()).toBe(2);
  });

  test('an instance that knows of fewer shards does not shrink the total', async () => {
    const [first, second] = tally.instances;
    for (const token of ['a', 'b', 'c']) {
      await first?.change('post/likes', 1, { token });
      tally.clock.advance(afterHotMs);
    }
    await second?.change('post/likes', 1, { token: 'd' });
    expect(await shardCount()).toBe(6);
  });

  test('a read that began before a growth does not make an instance forget it', async () => {
    await tally.change('post/likes', 1, { token: 'a' });
    tally.clock.advance(afterHotMs);
    const growth = proxy.hold({ operation: 'UpdateItem' });
    const read = proxy.hold({ operation: 'BatchGetItem', side: 'reply', times: 1 });
    const whileItGrows = tally.change('post/likes', 1, { token: 'b' });
    await read.reached();
    growth.open();
    await vi.waitUntil(async () => (await shardCount()) === 4, { timeout: 120_000 });
    await count('post/likes');
    read.open();
    await whileItGrows;
    tally.clock.advance(afterHotMs);
    await tally.change('post/likes', 1, { token: 'c' });
    expect(await shardCount()).toBe(6);
  });

  test('a total that has more shards than the maximum keeps them', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 0, s: 16 });
    for (const token of ['a', 'b']) {
      await tally.change('post/likes', 1, { token });
      tally.clock.advance(afterHotMs);
    }
    expect(await shardCount()).toBe(16);
  });

  test('a hot counter is written through the ledger alone for a while', async () => {
    await tally.change('post/likes', 1, { token: 'a' });
    proxy.forget();
    await tally.change('post/likes', 1, { token: 'b', minimal: true });
    expect(proxy.requests.map(({ operation }) => operation)).toEqual(['PutItem']);
    tally.clock.advance(afterHotMs);
    proxy.forget();
    await tally.change('post/likes', 1, { token: 'c', minimal: true });
    expect(proxy.requests[0]?.operation).toBe('TransactWriteItems');
  });

  test('only the subject that is hot is', async () => {
    await tally.change('post/likes', 1, { token: 'a' });
    proxy.forget();
    await tally.change('other/likes', 1, { token: 'a' });
    expect(proxy.requests[0]?.operation).toBe('TransactWriteItems');
  });

  test('a counter that restarts every day starts with one shard again', async () => {
    await tally.change('post/daily', 1, { token: 'a' });
    const today = { subject: 'post', counter: 'daily', window: '2096-02-28' };
    expect(await tally.cell(today)).toMatchObject({ s: 2, x: expect.any(Number) });
    tally.clock.moveTo('2096-02-29T00:00:00Z');
    proxy.forget();
    await tally.change('post/daily', 1, { token: 'b' });
    expect(cellWrites(proxy.requests).map(({ shard }) => shard)).toEqual([0, 0]);
  });
});

test('a change that meets contention once goes to another shard and is not pending', async () => {
  await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 0, s: 4 });
  await learnShards('post/likes');
  for (const token of ['a', 'b', 'c', 'd', undefined, undefined]) {
    proxy.forget();
    proxy.inject({ effect: 'conflict', culprit: 1, times: 1 });
    const answer = await tally.change('post/likes', 1, token === undefined ? {} : { token });
    expect(answer).toMatchObject({ status: 200, body: { pending: false } });
    const [first, second, ...more] = cellWrites(proxy.requests);
    expect(more).toEqual([]);
    expect(second?.shard).not.toBe(first?.shard);
  }
  expect(await count('post/likes')).toMatchObject({ body: { count: 7 } });
});

describe.each(['throttle', 'conflict'] as const)('a cell that answers with %s', (effect) => {
  const onShard = (shard: number) => ({
    effect,
    culprit: 1,
    where: (body: object) => JSON.stringify(body).includes(`c#post#likes#local#${shard}"`),
  });

  test.each([['a-token'], [undefined]])('loses no change with %s', async (token) => {
    proxy.inject({ ...onShard(0), operation: ['UpdateItem', 'TransactWriteItems'] });
    const answer = await tally.change('post/likes', 5, token === undefined ? {} : { token });
    expect(answer).toMatchObject({ status: 200, body: { count: 5, pending: true } });
    await tally.settle();
    expect(await count('post/likes')).toMatchObject({ body: { count: 5 } });
  });

  test('is avoided when there is another', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 0, s: 2 });
    await learnShards('post/likes');
    proxy.inject({ ...onShard(0), operation: ['UpdateItem', 'TransactWriteItems'] });
    for (let round = 0; round < 8; round++) {
      const answer = await tally.change('post/likes', 1, { token: `${round}` });
      expect(answer).toMatchObject({ status: 200, body: { pending: false } });
    }
    expect(await tally.cell({ subject: 'post', counter: 'likes', shard: 1 })).toMatchObject({
      n: 8,
    });
  });
});

describe('a token that another request is writing', () => {
  const atToken = {
    effect: 'conflict',
    culprit: 0,
    operation: ['PutItem', 'TransactWriteItems'],
  } as const;

  test.each(['post/likes', 'post/views', 'shoe/stock'])(
    'is waited for: %s is changed, and is not taken for hot',
    async (counter) => {
      proxy.inject({ ...atToken, times: 3 });
      const answer = await tally.change(counter, 1, { token: 'a' });
      expect(answer).toMatchObject({ status: 200, body: { count: 1 } });
      expect(tally.pauses).toHaveLength(3);
      expect(await shardCount()).toBe(1);
      proxy.forget();
      await tally.change(counter, 1, { token: 'b', minimal: true });
      expect(proxy.requests).toHaveLength(1);
    },
  );

  test.each(['post/likes', 'post/views', 'shoe/stock'])(
    'for too long: the answer for %s says so, and nothing is written',
    async (counter) => {
      proxy.inject(atToken);
      const answer = await tally.change(counter, 1, { token: 'a', minimal: true });
      expect(answer).toMatchObject({ status: 503, body: { code: 'contended' } });
      expect(proxy.requests).toHaveLength(limits.boundedAttempts);
      expect(await tally.items()).toEqual([]);
    },
  );
});

describe('a bounded counter, which has one cell', () => {
  beforeEach(() => tally.seedCell({ subject: 'shoe', counter: 'stock' }, { n: 5 }));

  test.each([['a-token'], [undefined]])('waits for its turn with %s', async (token) => {
    proxy.inject({ effect: 'conflict', culprit: 1, times: limits.boundedAttempts - 1 });
    const answer = await tally.change('shoe/stock', -1, token === undefined ? {} : { token });
    expect(answer).toMatchObject({ status: 200, body: { count: 4, pending: false } });
    expect(tally.pauses).toHaveLength(limits.boundedAttempts - 1);
  });

  test.each([['a-token'], [undefined]])(
    'that never gets it says so with %s, and nothing is written',
    async (token) => {
      const before = await tally.items();
      proxy.inject({ effect: 'conflict', culprit: 1 });
      const answer = await tally.change('shoe/stock', -1, token === undefined ? {} : { token });
      expect(answer).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
        body: { code: 'contended' },
      });
      expect(proxy.requests).toHaveLength(limits.boundedAttempts);
      expect(await tally.items()).toEqual(before);
    },
  );

  test('is never grown', async () => {
    proxy.inject({ effect: 'conflict', culprit: 1 });
    await tally.change('shoe/stock', -1, { token: 'a' });
    expect(await tally.cell({ subject: 'shoe', counter: 'stock' })).not.toHaveProperty('s');
  });
});
