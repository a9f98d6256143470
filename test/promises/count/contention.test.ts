import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { cellWrites } from '../../harness/counts/cell-writes.ts';
import { crowdCells, isDirectChange, isGrowth } from '../../harness/counts/crowded-cells.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: {
      likes: { kind: 'count', maxShards: 6, access: open },
      single: { kind: 'count', maxShards: 1, access: open },
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

const sent = () => proxy.requests.map(({ operation }) => operation);

describe('while all cells are over their rate, a change without a token', () => {
  beforeEach(() => void crowdCells(proxy));

  test('is accepted as pending, and the settled count is exact', async () => {
    const changes = tally.instances.flatMap((instance) =>
      Array.from({ length: 39 }, (_, index) => instance.change('post/likes', 1 + (index % 3))),
    );
    for (const answer of await Promise.all(changes)) {
      expect(answer).toMatchObject({ status: 200, body: { pending: true } });
    }
    expect(await count('post/likes')).toMatchObject({ body: { count: 0 } });
    await tally.settle();
    expect(await count('post/likes')).toMatchObject({ body: { count: 2 * 78 } });
  });

  test('is in its own answer while it is pending', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 10 });
    const answer = await tally.change('post/likes', 3);
    expect(answer).toMatchObject({ status: 200, body: { count: 13, pending: true } });
  });

  test('doubles the shards of its total up to the maximum, and never passes it', async () => {
    const seen: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      await tally.change('post/likes', 1);
      seen.push(await shardCount());
      tally.clock.advance(afterHotMs);
    }
    expect(seen).toEqual([2, 4, 6, 6, 6]);
  });

  test('grows its total once with others that ask at the same time', async () => {
    const growth = proxy.hold({ operation: 'UpdateItem', where: isGrowth });
    const changes = Promise.all(
      tally.instances.flatMap((instance) =>
        Array.from({ length: 10 }, () => instance.change('post/likes', 1)),
      ),
    );
    await growth.reached(2);
    growth.open();
    await changes;
    expect(await shardCount()).toBe(2);
  });

  test('does not shrink its total by an instance that knows of fewer shards', async () => {
    const [first, second] = tally.instances;
    for (let round = 0; round < 3; round++) {
      await first?.change('post/likes', 1);
      tally.clock.advance(afterHotMs);
    }
    await second?.change('post/likes', 1);
    expect(await shardCount()).toBe(6);
  });

  test('grows its total further, also if a read that began before a growth ends after it', async () => {
    await tally.change('post/likes', 1);
    tally.clock.advance(afterHotMs);
    const growth = proxy.hold({ operation: 'UpdateItem', where: isGrowth });
    const read = proxy.hold({ operation: 'BatchGetItem', side: 'reply', times: 1 });
    const whileItGrows = tally.change('post/likes', 1);
    await read.reached();
    growth.open();
    await vi.waitUntil(async () => (await shardCount()) === 4, { timeout: 120_000 });
    await count('post/likes');
    read.open();
    await whileItGrows;
    tally.clock.advance(afterHotMs);
    await tally.change('post/likes', 1);
    expect(await shardCount()).toBe(6);
  });

  test('leaves a total that has more shards than the maximum as it is', async () => {
    await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 0, s: 16 });
    await learnShards('post/likes');
    for (let round = 0; round < 2; round++) {
      await tally.change('post/likes', 1);
      tally.clock.advance(afterHotMs);
    }
    expect(await shardCount()).toBe(16);
  });

  test('goes to the ledger alone for a while where the total cannot grow', async () => {
    await tally.change('post/single', 1);
    proxy.forget();
    for (const options of [{}, { token: 'b' }]) {
      await tally.change('post/single', 1, { ...options, minimal: true });
    }
    expect(sent()).toEqual(['PutItem', 'PutItem']);
    tally.clock.advance(afterHotMs);
    proxy.forget();
    await tally.change('post/single', 1, { minimal: true });
    expect(sent()[0]).toBe('UpdateItem');
  });

  test('makes no other subject hot', async () => {
    await tally.change('post/single', 1);
    proxy.forget();
    await tally.change('other/single', 1);
    expect(sent()[0]).toBe('UpdateItem');
  });

  test('starts with one shard again in a window that begins anew', async () => {
    await tally.change('post/daily', 1);
    const today = { subject: 'post', counter: 'daily', window: '2096-02-28' };
    expect(await tally.cell(today)).toMatchObject({ s: 2, x: expect.any(Number) });
    tally.clock.moveTo('2096-02-29T00:00:00Z');
    proxy.forget();
    await tally.change('post/daily', 1);
    expect(cellWrites(proxy.requests).map(({ shard }) => shard)).toEqual([0, 0]);
  });
});

test('a change without a token that is throttled once goes to another shard and is not pending', async () => {
  await tally.seedCell({ subject: 'post', counter: 'likes' }, { n: 0, s: 4 });
  await learnShards('post/likes');
  for (let round = 0; round < 6; round++) {
    proxy.forget();
    crowdCells(proxy, 1);
    const answer = await tally.change('post/likes', 1);
    expect(answer).toMatchObject({ status: 200, body: { pending: false } });
    const [first, second, ...more] = cellWrites(proxy.requests);
    expect(more).toEqual([]);
    expect(second?.shard).not.toBe(first?.shard);
  }
  expect(await count('post/likes')).toMatchObject({ body: { count: 7 } });
});

describe('a change with a token', () => {
  test('waits for the register that its claim names, which grows its total meanwhile', async () => {
    crowdCells(proxy, 3);
    const answer = await tally.change('post/likes', 5, { token: 'a' });
    expect(answer).toMatchObject({ status: 200, body: { count: 5, pending: false } });
    expect(tally.pauses).toHaveLength(3);
    expect(await shardCount()).toBe(2);
  });

  test.each(['post/likes', 'shoe/stock'])(
    'of %s that is kept off for too long says so, and counts once when it comes again',
    async (counter) => {
      const crowd = crowdCells(proxy);
      expect(await tally.change(counter, 5, { token: 'a' })).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
        body: { code: 'contended' },
      });
      expect(proxy.requests.filter(({ body }) => isDirectChange(body))).toHaveLength(
        limits.registerAttempts,
      );
      expect(await count(counter)).toMatchObject({ body: { count: 0 } });
      crowd.remove();
      for (const replayed of [false, true]) {
        const answer = await tally.change(counter, 5, { token: 'a' });
        expect(answer).toMatchObject({ status: 200, body: { count: 5, pending: false } });
        expect('idempotency-replayed' in answer.headers).toBe(replayed);
      }
    },
  );

  test('finds room in more cells when many come at once, and none is counted in two ways', async () => {
    const send = (index: number) =>
      (tally.instances[index % 2] ?? tally).change('post/likes', 1, { token: `${index % 150}` });
    const answers = await Promise.all(Array.from({ length: 300 }, (_, index) => send(index)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await shardCount()).toBeGreaterThan(1);
    await tally.settle();
    expect(await count('post/likes')).toMatchObject({ body: { count: 150 } });
  });

  test('goes to the ledger when many come at once where the total cannot grow', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        tally.change('post/single', 1, { token: `${index}` }),
      ),
    );
    const pending = answers.filter(({ body }) => (body as { pending: boolean }).pending);
    expect(pending.length).toBeGreaterThan(0);
    expect(pending.length).toBeLessThan(200);
    await tally.settle();
    expect(await count('post/single')).toMatchObject({ body: { count: 200 } });
    for (let index = 0; index < 200; index += 7) {
      expect(await tally.change('post/single', 1, { token: `${index}` })).toMatchObject({
        headers: { 'idempotency-replayed': 'true' },
        body: { count: 200 },
      });
    }
  });
});

describe('a bounded counter, which has one cell', () => {
  beforeEach(() => tally.seedCell({ subject: 'shoe', counter: 'stock' }, { n: 5 }));

  test.each([['a-token'], [undefined]])('waits for its turn with %s', async (token) => {
    crowdCells(proxy, limits.boundedAttempts - 1);
    const answer = await tally.change('shoe/stock', -1, token === undefined ? {} : { token });
    expect(answer).toMatchObject({ status: 200, body: { count: 4, pending: false } });
    expect(tally.pauses).toHaveLength(limits.boundedAttempts - 1);
  });

  test('that never gets it says so, and nothing is written', async () => {
    const before = await tally.items();
    crowdCells(proxy);
    expect(await tally.change('shoe/stock', -1)).toMatchObject({
      status: 503,
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
      body: { code: 'contended' },
    });
    expect(proxy.requests).toHaveLength(limits.boundedAttempts);
    expect(await tally.items()).toEqual(before);
  });

  test('is never grown', async () => {
    crowdCells(proxy, 10);
    for (const options of [{}, { token: 'a' }]) await tally.change('shoe/stock', -1, options);
    expect(await tally.cell({ subject: 'shoe', counter: 'stock' })).not.toHaveProperty('s');
  });
});
