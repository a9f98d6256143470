import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestTable } from '../../harness/engine/test-table.ts';
import { type FaultProxy, startFaultProxy } from '../../harness/faults/fault-proxy.ts';
import {
  createTallyUnderTest,
  open,
  type TallyOptions,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTally();
});

const createTally = (options: Partial<TallyOptions> = {}) =>
  createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
      stock: { kind: 'count', bounds: { min: 0 }, access: open },
      faces: { kind: 'reaction', choices: ['smile'], access: open },
      film: { kind: 'presence', access: open },
      daily: { kind: 'count', windows: ['day'], keepDays: { day: 7 }, access: open },
      views: {
        kind: 'count',
        write: 'deferred',
        windows: ['all', 'day', 'hour', 'minute'],
        access: open,
      },
    },
    settings: { readCacheSeconds: 2 },
    instances: 2,
    startsAt: '2096-02-28T22:58:30.000Z',
    ...options,
  });

const post = { subject: 'post', counter: 'likes' };
const consistent = { consistent: 'true' };

describe('a counter that was never touched', () => {
  test.each([{}, consistent, { window: 'day' }])('reads 0, never updated: %o', async (query) => {
    expect(await tally.read('nothing/views', query)).toMatchObject({
      status: 200,
      body: { count: 0, updated_at: null },
    });
    expect(await tally.items()).toEqual([]);
  });
});

describe('a read', () => {
  test('says when the count last changed', async () => {
    await tally.change('post/likes', 1);
    tally.clock.advance(HOUR);
    expect(await tally.read('post/likes')).toMatchObject({
      body: { count: 1, updated_at: '2096-02-28T22:58:30.000Z' },
    });
  });

  test.each([
    ['minute', 61_000],
    ['hour', 90_000],
    ['day', 2 * HOUR],
  ])('of the window %s begins at 0 when the next one begins', async (window, untilNextMs) => {
    await tally.change('post/views', 3);
    await tally.settle();
    expect(await tally.read('post/views', { window })).toMatchObject({ body: { count: 3 } });
    tally.clock.advance(untilNextMs);
    expect(await tally.read('post/views', { window })).toMatchObject({
      body: { count: 0, updated_at: null },
    });
    await tally.change('post/views', 2);
    await tally.settle();
    expect(await tally.read('post/views', { window })).toMatchObject({ body: { count: 2 } });
    expect(await tally.read('post/views')).toMatchObject({ body: { count: 5 } });
    expect(await tally.read('post/views', { window: 'all' })).toMatchObject({ body: { count: 5 } });
  });

  test('counts a change in the window it was accepted in, however late it is folded', async () => {
    await tally.change('post/views', 3);
    tally.clock.advance(DAY);
    await tally.settle();
    expect(await tally.read('post/views', { window: 'day' })).toMatchObject({ body: { count: 0 } });
    tally.clock.advance(-DAY);
    expect(await tally.read('post/views', { window: 'day' })).toMatchObject({ body: { count: 3 } });
  });

  test('with consistent=true says that what is pending is not in it, where changes can be', async () => {
    expect(await tally.change('post/views', 3)).toMatchObject({
      body: { count: 3, pending: true },
    });
    for (const name of ['post/views', 'post/likes', 'post/faces', 'post/film']) {
      expect(await tally.read(name, consistent)).toMatchObject({
        body: { count: 0, excludes_pending: true },
      });
      expect((await tally.read(name)).body).not.toHaveProperty('excludes_pending');
    }
    // The fold brings changes to further windows and regions, but never to the window that has bounds.
    const range = { last: '1d', ...consistent };
    expect(await tally.read('post/daily', range)).toMatchObject({
      body: { excludes_pending: true },
    });
    expect((await tally.read('post/stock', consistent)).body).not.toHaveProperty(
      'excludes_pending',
    );
  });

  test('without a window shows the first one', async () => {
    await tally.change('post/daily', 3);
    tally.clock.advance(DAY);
    expect(await tally.read('post/daily')).toMatchObject({ body: { count: 0 } });
  });

  test('of a window that the counter does not have is refused', async () => {
    expect(await tally.read('post/daily', { window: 'hour' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_window', detail: expect.stringContaining('day') },
    });
  });

  test('skips a cell that has expired but is not deleted yet', async () => {
    await tally.change('post/daily', 3);
    const [cell] = await tally.items();
    const before = tally.clock.now();
    tally.clock.moveTo(Number(cell?.x) * 1000 - 1);
    expect(await tally.cell({ ...post, counter: 'daily', window: '2096-02-28' })).toBeDefined();
    tally.clock.moveTo(before);
    await tally.seedCell(
      { ...post, counter: 'daily', window: '2096-02-28' },
      { n: 3, x: before / 1000 },
    );
    expect(await tally.read('post/daily')).toMatchObject({ body: { count: 0 } });
  });
});

describe('beyond the exact integers of JSON', () => {
  test.each([
    ['9007199254740991', 200],
    ['9007199254740992', 409],
    ['9007199254740993', 409],
    ['-9007199254740991', 200],
    ['-9007199254740992', 409],
    ['123456789012345678901234567890', 409],
  ])('%s is answered with %i, and never rounded', async (digits, status) => {
    await tally.seedCell(post, { n: BigInt(digits) });
    const answer = await tally.read('post/likes');
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.body).toMatchObject({ count: Number(digits) });
    else {
      expect(answer.body).toMatchObject({
        code: 'count_too_large',
        detail: expect.stringContaining(digits),
      });
      expect(answer.body).not.toHaveProperty('count');
    }
  });

  test('several cells are added exactly, not as floating point', async () => {
    await tally.seedCell(post, { n: BigInt('9007199254740993'), s: 2 });
    await tally.seedCell({ ...post, shard: 1 }, { n: BigInt('-9007199254740990') });
    expect(await tally.read('post/likes')).toMatchObject({ body: { count: 3 } });
  });

  test.each([{}, { token: 'a' }])(
    'a change that takes the count there is not said to have failed: %o',
    async (options) => {
      await tally.seedCell(post, { n: Number.MAX_SAFE_INTEGER });
      const { status } = await tally.change('post/likes', 1, options);
      const counted = (await tally.cell(post))?.n !== Number.MAX_SAFE_INTEGER;
      expect({ counted, accepted: status < 300 }).toEqual({ counted, accepted: counted });
    },
  );
});

describe('a total of several cells', () => {
  const seedShards = async (each: number) => {
    await tally.seedCell(post, { n: each, s: 3, t: tally.clock.now() });
    await tally.seedCell({ ...post, shard: 1 }, { n: each, t: tally.clock.now() + 5 });
    await tally.seedCell({ ...post, shard: 2 }, { n: each, t: tally.clock.now() - 5 });
  };

  test('is their sum, updated when the latest of them was', async () => {
    await seedShards(7);
    expect(await tally.read('post/likes')).toMatchObject({
      body: { count: 21, updated_at: '2096-02-28T22:58:30.005Z' },
    });
  });

  test('is found whole by an instance that assumed one cell or fewer than there are', async () => {
    for (const instance of tally.instances) await instance.read('post/likes');
    await seedShards(7);
    for (const instance of tally.instances) {
      expect(await instance.read('post/likes', consistent)).toMatchObject({ body: { count: 21 } });
    }
    await tally.seedCell(post, { n: 7, s: 5 });
    await tally.seedCell({ ...post, shard: 4 }, { n: 100 });
    for (const instance of tally.instances) {
      expect(await instance.read('post/likes', consistent)).toMatchObject({ body: { count: 121 } });
    }
  });

  test('may have cells that nobody wrote to yet', async () => {
    await tally.seedCell(post, { n: 7, s: 16 });
    expect(await tally.read('post/likes')).toMatchObject({ body: { count: 7 } });
  });

  test('is served from memory for readCacheSeconds and no longer', async () => {
    await seedShards(7);
    await tally.read('post/likes');
    await seedShards(8);
    tally.clock.advance(1_999);
    expect(await tally.read('post/likes')).toMatchObject({ body: { count: 21 } });
    tally.clock.advance(1);
    expect(await tally.read('post/likes')).toMatchObject({ body: { count: 24 } });
  });

  test('is never served from memory to a caller that asks for consistency', async () => {
    await seedShards(7);
    await tally.read('post/likes');
    await seedShards(8);
    expect(await tally.read('post/likes', consistent)).toMatchObject({ body: { count: 24 } });
  });

  test('is remembered by window', async () => {
    const today = { ...post, counter: 'daily', window: '2096-02-28' };
    await tally.seedCell(today, { n: 7, s: 2, x: 4_000_000_000 });
    expect(await tally.read('post/daily')).toMatchObject({ body: { count: 7 } });
    tally.clock.moveTo('2096-02-28T23:59:59.999Z');
    expect(await tally.read('post/daily')).toMatchObject({ body: { count: 7 } });
    tally.clock.advance(1);
    expect(await tally.read('post/daily')).toMatchObject({ body: { count: 0 } });
  });

  test('is answered to a writer with its own change, also from memory', async () => {
    await seedShards(7);
    expect(await tally.change('post/likes', 1)).toMatchObject({ body: { count: 22 } });
    expect(await tally.change('post/likes', 2)).toMatchObject({ body: { count: 24 } });
    expect(await tally.change('post/likes', -1, { token: 'a' })).toMatchObject({
      body: { count: 23, pending: false },
    });
    tally.clock.advance(2_000);
    expect(await tally.change('post/likes', 1)).toMatchObject({ body: { count: 24 } });
  });

  test('is answered to a writer with the changes of others, once memory is over', async () => {
    await seedShards(7);
    const [first, second] = tally.instances;
    await first?.change('post/likes', 1);
    await second?.change('post/likes', 10);
    tally.clock.advance(2_000);
    expect(await first?.change('post/likes', 1)).toMatchObject({ body: { count: 33 } });
  });
});

describe('a total of several cells that is read while it changes', () => {
  let proxy: FaultProxy;

  beforeEach(async () => {
    const table = await createTestTable();
    proxy = await startFaultProxy({ upstream: table.endpoint });
    tally = await createTally({ table, endpoint: proxy.endpoint });
    await tally.seedCell(post, { n: 7, s: 2 });
    await tally.seedCell({ ...post, shard: 1 }, { n: 7 });
    await tally.read('post/likes');
  });

  afterEach(() => proxy.stop());

  test.each([{}, { token: 'a' }])(
    'is answered to a writer with its change in it once, also when another saw it first: %o',
    async (options) => {
      const gate = proxy.hold({ operation: 'UpdateItem', side: 'reply', times: 1 });
      const slow = tally.change('post/likes', 1, options);
      await gate.reached();
      expect(await tally.change('post/likes', 1)).toMatchObject({ body: { count: 16 } });
      gate.open();
      expect(await slow).toMatchObject({ body: { count: 16 } });
      expect(await tally.change('post/likes', 1)).toMatchObject({ body: { count: 17 } });
    },
  );

  test('is remembered as the later read saw it, whichever ends first', async () => {
    const gate = proxy.hold({ operation: 'BatchGetItem', side: 'reply', times: 1 });
    const slow = tally.read('post/likes', consistent);
    await gate.reached();
    await tally.seedCell(post, { n: 9, s: 2 });
    expect(await tally.read('post/likes', consistent)).toMatchObject({ body: { count: 16 } });
    gate.open();
    expect(await slow).toMatchObject({ body: { count: 14 } });
    expect(await tally.read('post/likes')).toMatchObject({ body: { count: 16 } });
  });
});

test('a total of one cell is never served from memory', async () => {
  const [first, second] = tally.instances;
  await first?.change('post/likes', 1);
  await first?.read('post/likes');
  await second?.change('post/likes', 1);
  expect(await first?.read('post/likes')).toMatchObject({ body: { count: 2 } });
});

describe('with several regions', () => {
  beforeEach(async () => {
    tally = await createTally({ regions: ['local', 'eu-west-1', 'ap-south-1'] });
  });

  test('a total is the sum over all of them, each with its own number of cells', async () => {
    await tally.change('post/likes', 1);
    await tally.seedCell(
      { ...post, region: 'eu-west-1' },
      { n: 10, s: 2, t: tally.clock.now() + 1 },
    );
    await tally.seedCell({ ...post, region: 'eu-west-1', shard: 1 }, { n: 20 });
    await tally.seedCell({ ...post, region: 'ap-south-1' }, { n: 300 });
    for (const query of [{}, consistent]) {
      expect(await tally.read('post/likes', query)).toMatchObject({
        body: { count: 331, updated_at: '2096-02-28T22:58:30.001Z' },
      });
    }
    tally.clock.advance(2_000);
    expect(await tally.change('post/likes', 1)).toMatchObject({ body: { count: 332 } });
  });

  test('a change is written to this region alone', async () => {
    await tally.change('post/likes', 1, { token: 'a' });
    await tally.change('post/views', 1, { token: 'a' });
    await tally.settle();
    const regions = (await tally.items())
      .filter(({ pk }) => String(pk).startsWith('c#'))
      .map(({ pk }) => String(pk).split('#')[3]);
    expect(new Set(regions)).toEqual(new Set(['local']));
  });

  test('another region that grew does not make this one write to more cells', async () => {
    await tally.seedCell({ ...post, region: 'eu-west-1' }, { n: 0, s: 16 });
    for (let round = 0; round < 10; round++) await tally.change('post/likes', 1);
    expect(await tally.cell(post)).toMatchObject({ n: 10 });
  });
});

test('a counter that was touched once is two small items', async () => {
  await tally.change('post-42/likes', 3, { token: 'a' });
  const [cell, token, ...more] = (await tally.items()).toSorted((a, b) =>
    String(a.pk).localeCompare(String(b.pk)),
  );
  const entry = Object.entries(cell ?? {}).find(([name]) => name.length === 12);
  expect(cell).toEqual({
    pk: 'c#post-42#likes#local#0',
    sk: '-',
    n: 3,
    d: 3,
    v: 1,
    w: 'd',
    t: tally.clock.now(),
    // One entry: what it has counted, and when that was claimed.
    ...(entry && { [entry[0]]: BigInt(tally.clock.now()) * 10n ** 15n }),
  });
  expect(entry).toBeDefined();
  expect(token).toMatchObject({
    pk: expect.stringMatching(/^e#post-42#likes#[\w-]{22}$/),
    sk: '-',
    c: tally.clock.now(),
    s: 0,
    r: 'local',
    x: (tally.clock.now() + 25 * HOUR) / 1000,
  });
  expect(more).toEqual([]);
});
