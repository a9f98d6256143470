/** What the fold writes into cells, and what it costs. */
import { beforeEach, describe, expect, test } from 'vitest';
import { failedBatchItemKey, growthItemKey } from '../../../functions/dynamo/item-keys.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { isMarkName, markName } from '../../../functions/rules/marks.ts';
import { spread } from '../../../functions/rules/spreading.ts';
import type { JsonObject } from '../../harness/faults/wire-errors.ts';
import {
  createFoldRig,
  type FoldRig,
  firstShard,
  secondShard,
} from '../../harness/fold/fold-rig.ts';
import {
  beatOf,
  choiceOf,
  claimOf,
  here,
  inserted,
  nowMs,
  nowSeconds,
  removed,
  streamShard,
  tokenOf,
  windows,
} from '../../harness/fold/ledger-records.ts';

let rig: FoldRig;
beforeEach(async () => {
  rig = await createFoldRig();
});

const viewsIn = (window: string) => ({ subject: 'post-42', counter: 'views', window });
const allViews = viewsIn(windows.all);
const hoursMs = (hours: number) => hours * 3_600_000;
const daySeconds = 24 * 3600;

describe('a cell', () => {
  test('of a day or an hour expires when its window is not kept any more, the one of all time never', async () => {
    await rig.deliver([inserted(tokenOf())]);
    const { keepDays } = limits;
    const day = await rig.cell(viewsIn(windows.day));
    expect(day?.x).toBeGreaterThan(nowSeconds + keepDays.day * daySeconds);
    expect(day?.x).toBeLessThan(nowSeconds + (keepDays.day + 4) * daySeconds);
    const hour = await rig.cell(viewsIn(windows.hour));
    expect(hour?.x).toBeGreaterThan(nowSeconds + keepDays.hour * daySeconds);
    expect(hour?.x).toBeLessThan(nowSeconds + (keepDays.hour + 1) * daySeconds);
    expect(await rig.cell(allViews)).not.toHaveProperty('x');
  });

  describe('of viewers', () => {
    const viewers = { subject: 'post-42', counter: 'viewers', window: windows.all };
    const bucketAgo = (seconds: number) => `@${nowSeconds - seconds}`;
    const beat = (bucket: string) => inserted(beatOf(`in-${bucket}`, bucket, nowSeconds + 60));
    const overBuckets = (count: number) =>
      Array.from({ length: count }, (_, index) => bucketAgo(200 + 10 * index));

    test('forgets the buckets that are over, several at once', async () => {
      const seedOver = (count: number) =>
        rig.seed(viewers, {
          ...Object.fromEntries(overBuckets(count).map((bucket) => [`.${bucket}`, 3])),
          [`.${bucketAgo(60)}`]: 2,
        });
      await seedOver(limits.bucketsOver - 1);
      await rig.deliver([beat(bucketAgo(0))]);
      expect(Object.keys(await rig.counts())).toHaveLength(limits.bucketsOver + 1);
      await seedOver(limits.bucketsOver);
      await rig.deliver([beat(bucketAgo(0))]);
      expect(await rig.counts()).toEqual({
        [`post-42/viewers/${bucketAgo(60)} -`]: 2n,
        [`post-42/viewers/${bucketAgo(0)} -`]: 1n,
      });
    });

    test('counts those who are here after a standstill of hours, however many came and went', async () => {
      const long = Array.from({ length: 3_000 }, (_, index) => bucketAgo(200 + 10 * index));
      await rig.deliver([...long.map(beat), beat(bucketAgo(0))]);
      expect(await rig.counts()).toEqual({ [`post-42/viewers/${bucketAgo(0)} -`]: 1n });
      rig.proxy.forget();
      await rig.deliver(long.map(beat));
      expect(rig.proxy.requests).toEqual([]);
    });
  });

  test('keeps the expiry it has', async () => {
    const expiresAt = nowSeconds + 400 * daySeconds;
    await rig.seed(viewsIn(windows.day), { n: 2, x: expiresAt });
    await rig.deliver([inserted(tokenOf())]);
    expect(await rig.cell(viewsIn(windows.day))).toMatchObject({ n: 3, x: expiresAt });
  });

  test.each([
    ['a count that is not a number', { n: 'many' }],
    ['a version that is not a number', { n: 1, v: 'first' }],
    ['a mark that is not bytes', { n: 1, [markName(firstShard)]: 7 }],
    ['a choice that is not a number', { '.love': 'much' }],
  ])('with %s is passed over, counted as ignored, and in nobody else’s way', async (_, odd) => {
    const key = { subject: 'odd', counter: '.love' in odd ? 'reactions' : 'views', window: '-' };
    await rig.seed(key, odd);
    const before = await rig.cell(key);
    const token = { subject: 'odd', windows: [windows.all] };
    const love = { ...choiceOf('ann', 'love'), pk: 'm#odd#reactions#ann' };
    await rig.deliver([
      inserted('.love' in odd ? love : tokenOf(token)),
      inserted(tokenOf({ subject: 'good', windows: [windows.all] })),
    ]);
    expect(await rig.cell(key)).toEqual(before);
    expect(await rig.cell({ ...key, subject: 'good', counter: 'views' })).toMatchObject({ n: 1 });
    expect(rig.reports).toMatchObject([{ ignored: 1 }]);
  });

  test('that others write to all the time is folded into all the same, at the first try', async () => {
    const gate = rig.proxy.hold({ operation: 'UpdateItem' });
    const delivery = rig.deliver([inserted(tokenOf({ windows: [windows.all] }))]);
    await gate.reached(1);
    await rig.seed(allViews, { n: 5, v: 3, t: nowMs + 1_000 });
    gate.open();
    await delivery;
    expect(await rig.cell(allViews)).toMatchObject({ n: 6, v: 4 });
    expect(rig.proxy.forwarded('UpdateItem')).toBe(1);
  });

  test('says how often it was changed, who wrote it last, and when', async () => {
    await rig.seed(allViews, { n: 5, v: 7, w: 'd' });
    await rig.deliver([inserted(tokenOf()), inserted(tokenOf())]);
    expect(await rig.cell(allViews)).toMatchObject({ n: 7, v: 8, w: `f:${here}` });
    expect(Number((await rig.cell(allViews))?.t)).toBeLessThan(nowMs + 1_000);
  });

  test('keeps what others have written into it', async () => {
    await rig.seed(allViews, { n: 5, t: nowMs - 1, s: 4, z: 9 });
    await rig.deliver([inserted(tokenOf())]);
    expect(await rig.cell(allViews)).toMatchObject({ n: 6, s: 4, z: 9 });
  });

  test('that grew before anything was counted starts at 0', async () => {
    await rig.seed(allViews, { s: 2 });
    await rig.deliver([inserted(tokenOf({ amount: 4 }))]);
    expect(await rig.cell(allViews)).toMatchObject({ n: 4 });
  });

  test('whose last writer had a clock that is ahead is dated by the clock of now', async () => {
    await rig.seed(allViews, { n: 5, t: nowMs + hoursMs(1) });
    await rig.deliver([inserted(tokenOf())]);
    const cell = await rig.cell(allViews);
    expect(cell).toMatchObject({ n: 6 });
    expect(Number(cell?.t)).toBeLessThan(nowMs + 1_000);
  });
});

describe('marks', () => {
  const mark = markName;
  const values = Buffer.of(1, 7);
  /** Marks of so many stream shards that were created so long ago. */
  const marksOf = (count: number, agoMs: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        mark(streamShard(index.toString(16).padStart(8, '0'), agoMs)),
        values,
      ]),
    );
  const crowd = limits.marksOfCell - 2;
  const namesIn = (cell: Readonly<Record<string, unknown>> | undefined) =>
    Object.keys(cell ?? {})
      .filter(isMarkName)
      .toSorted();
  const single = () => inserted(tokenOf({ windows: [windows.all] }));

  test('of stream shards that can deliver no more are removed, the others stay', async () => {
    const recent = { ...marksOf(crowd - 5, hoursMs(29)), [mark(secondShard)]: values };
    await rig.seed(allViews, { n: 5, ...marksOf(5, hoursMs(32)), ...recent });
    await rig.deliver([single()]);
    const cell = await rig.cell(allViews);
    expect(namesIn(cell)).toEqual([...Object.keys(recent), mark(firstShard)].toSorted());
    expect(cell).toMatchObject({ n: 6, [mark(secondShard)]: new Uint8Array(values) });
  });

  test('that fit into the first kilobyte stay, for they cost nothing', async () => {
    await rig.seed(allViews, { n: 5, ...marksOf(crowd - 3, hoursMs(32)) });
    await rig.deliver([single()]);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(1);
    expect(namesIn(await rig.cell(allViews))).toHaveLength(crowd - 2);
  });

  test('cost nothing to prune while there are few to prune', async () => {
    const few = marksOf(limits.staleMarks - 1, hoursMs(32));
    await rig.seed(allViews, { n: 5, ...marksOf(crowd, hoursMs(20)), ...few });
    await rig.deliver([single()]);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(1);
  });

  test('are removed in slices, for an expression may have 4 KB', async () => {
    await rig.seed(allViews, { n: 5, ...marksOf(1_000, hoursMs(32)) });
    await rig.deliver([single()]);
    expect(namesIn(await rig.cell(allViews))).toEqual([mark(firstShard)]);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(1 + 1_000 / limits.pruneSlice);
    await rig.deliver([single()]);
    expect(await rig.cell(allViews)).toMatchObject({ n: 7, w: `f:${here}` });
  });

  test('that cannot be pruned now fail no fold, and are said to be left', async () => {
    await rig.seed(allViews, { n: 5, ...marksOf(crowd, hoursMs(32)) });
    const batch = [single()];
    const isPruning = (body: { UpdateExpression?: unknown }) =>
      String(body.UpdateExpression).startsWith('REMOVE');
    const outage = rig.proxy.inject({ effect: 'throttle', where: isPruning });
    await rig.deliver(batch);
    expect(rig.reports.at(-1)?.postponed).toHaveLength(1);
    outage.remove();
    await rig.deliver(batch);
    expect(await rig.cell(allViews)).toMatchObject({ n: 6 });
    expect(namesIn(await rig.cell(allViews))).toEqual([mark(firstShard)]);
  });

  test('all stay while a batch lies in the failure bucket, so that it can be folded later', async () => {
    await rig.seed(allViews, { n: 5, ...marksOf(crowd, hoursMs(32)) });
    await rig.put({ ...failedBatchItemKey('2096/02/29/batch-1') });
    await rig.deliver([single()]);
    expect(namesIn(await rig.cell(allViews))).toHaveLength(crowd + 1);
  });

  test('of a cell that is full make room, and the change counts', async () => {
    const name = streamShard('0'.repeat(8), hoursMs(32));
    const filler = 'x'.repeat(400 * 1024 - 2_000);
    await rig.seed(allViews, {
      n: 5,
      filler,
      ...marksOf(70, hoursMs(32)),
      [mark(name)]: values,
    });
    const seeded = await rig.cell(allViews);
    await rig.seed(allViews, { ...seeded, filler: `${filler}${'x'.repeat(roomIn(seeded))}` });
    await rig.deliver([single()]);
    expect(await rig.cell(allViews)).toMatchObject({ n: 6, v: 1 });
    expect(namesIn(await rig.cell(allViews))).toEqual([mark(firstShard)]);
  });
});

/** Bytes until an item of this one's attributes is as large as it may be, but for a few. */
function roomIn(item: Readonly<Record<string, unknown>> | undefined): number {
  const bytes = Object.entries(item ?? {}).reduce((sum, [name, value]) => {
    const size = typeof value === 'string' || value instanceof Uint8Array ? value.length : 2;
    return sum + name.length + size;
  }, 0);
  return 400 * 1024 - bytes - 20;
}

describe('a counter that many stream shards feed', () => {
  const marginMs = limits.growthMarginMs + 60_000;
  const history = (shardCount: number, agoMs = marginMs) => [nowMs - agoMs, shardCount];
  const shards = Array.from({ length: 40 }, (_, index) =>
    streamShard(index.toString(16).padStart(8, '0')),
  );
  const cellsOf = async (window: string) => {
    const cells = (await rig.items()).filter(
      ({ pk, sk }) => String(pk).startsWith('c#post-42#views#') && sk === window,
    );
    return cells.filter(({ n }) => n !== undefined);
  };

  test('asks for more shards, which come into force a quarter of an hour later, in all windows', async () => {
    for (const shard of shards) await rig.deliver([inserted(tokenOf())], shard);
    expect((await cellsOf(windows.all)).length).toBe(1);
    expect((await rig.cell(allViews))?.h).toEqual(expect.arrayContaining([expect.any(Number), 2]));
    expect(Object.values((await rig.cell(allViews))?.h ?? {}).at(-1)).toBe(16);
    rig.advance(marginMs);
    const later = (record: ReturnType<typeof inserted>) => ({
      ...record,
      dynamodb: {
        ...record.dynamodb,
        ApproximateCreationDateTime: nowSeconds + marginMs / 1000,
      },
    });
    for (const shard of shards) await rig.deliver([later(inserted(tokenOf()))], shard);
    expect((await cellsOf(windows.all)).length).toBeGreaterThan(8);
    expect((await cellsOf(windows.day)).length).toBeGreaterThan(8);
    expect((await cellsOf(windows.hour)).length).toBe(2);
    for (const window of Object.values(windows)) {
      expect((await rig.counts())[`post-42/views ${window}`]).toBe(80n);
    }
    expect((await rig.cell(viewsIn(windows.day)))?.s).toBe(16);
    expect((await rig.cell(viewsIn(windows.hour)))?.s).toBe(2);
  });

  test('counts a batch once that is delivered before a growth and after it', async () => {
    const batch = [inserted(tokenOf()), inserted(tokenOf())];
    await rig.deliver(batch);
    await rig.seed(allViews, { ...(await rig.cell(allViews)), h: history(16, 0) });
    rig.advance(limits.growthCacheMs + marginMs);
    for (const shard of shards) await rig.deliver([inserted(tokenOf())], shard);
    await rig.deliver(batch);
    expect(Object.values(await rig.counts())).toEqual([42n, 42n, 42n]);
  });

  test('that turns out to have grown is not folded as if it had not', async () => {
    await rig.seed(allViews, { n: 5, h: history(16) });
    for (const shard of shards) await rig.deliver([inserted(tokenOf())], shard);
    expect((await cellsOf(windows.all)).length).toBeGreaterThan(8);
    expect(await rig.counts()).toMatchObject({ 'post-42/views -': 45n });
    expect(await rig.cell(allViews)).toMatchObject({ s: 16, h: history(16) });
  });

  test('keeps its history in an item that goes when it is not used, if it has no window of all time', async () => {
    const ofDay = () => inserted(tokenOf({ windows: [windows.day] }));
    for (const shard of shards.slice(0, 8)) await rig.deliver([ofDay()], shard);
    const key = growthItemKey({ subject: 'post-42', counter: 'views', region: here });
    const find = async () => (await rig.items()).find(({ pk }) => pk === key.pk);
    const keepSeconds = limits.keepGrowthDays * daySeconds;
    expect(Number((await find())?.x)).toBeGreaterThanOrEqual(nowSeconds + keepSeconds);
    rig.advance(hoursMs(12) * limits.keepGrowthDays + 60_000);
    await rig.deliver([ofDay()]);
    expect(Number((await find())?.x)).toBeGreaterThan(nowSeconds + 1.4 * keepSeconds);
    expect(await rig.cell(allViews)).toBeUndefined();
  });

  test('is read in full: readers are told of a shard before anything is in it', async () => {
    await rig.seed(allViews, { n: 5, h: history(16) });
    const shard = shards.find((id) => shardOf(id) > 0) ?? '';
    const isCount = (body: JsonObject) => String(body.UpdateExpression).startsWith('ADD');
    const death = rig.proxy.inject({
      effect: 'drop before commit',
      where: (body) => isCount(body) && !String(keyOf(body)).endsWith('#0'),
    });
    await expect(rig.deliver([inserted(tokenOf({ windows: ['-'] }))], shard)).rejects.toThrow(
      '1 of 1 cells not folded',
    );
    death.remove();
    expect(await rig.cell(allViews)).toMatchObject({ n: 5, s: 16 });
  });

  const shardOf = (streamShardId: string) =>
    spread(
      { streamShardId, window: '-' },
      [{ sequence: '1', at: nowSeconds, amount: 1, countsInAll: true }],
      () => [{ atMs: nowMs - marginMs, shardCount: 16 }],
    )[0]?.shard ?? 0;
});

const keyOf = (body: JsonObject): unknown => (body.Key as { pk: { S: string } } | undefined)?.pk.S;

describe('the price', () => {
  test('of ten thousand changes of one counter is one update a window, and a look who listens', async () => {
    const batch = Array.from({ length: 10_000 }, () => inserted(tokenOf({ amount: 3 })));
    await rig.deliver(batch);
    expect(rig.proxy.requests.map(({ operation }) => operation)).toEqual([
      'UpdateItem',
      'UpdateItem',
      'UpdateItem',
      'GetItem',
    ]);
    expect(await rig.counts()).toEqual(
      Object.fromEntries(Object.values(windows).map((it) => [`post-42/views ${it}`, 30_000n])),
    );
  });

  test('of a batch that was folded already is one failed condition a cell', async () => {
    const batch = [inserted(tokenOf()), inserted(tokenOf())];
    await rig.deliver(batch);
    rig.proxy.forget();
    await rig.deliver(batch);
    expect(rig.proxy.requests.map(({ operation, status }) => [operation, status])).toEqual([
      ['UpdateItem', 400],
      ['UpdateItem', 400],
      ['UpdateItem', 400],
    ]);
  });

  test('of a batch in the middle of which the mark lies is two calls a cell', async () => {
    const records = Array.from({ length: 4 }, () => inserted(tokenOf({ windows: ['-'] })));
    await rig.deliver(records.slice(0, 2));
    rig.proxy.forget();
    await rig.deliver(records);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(2);
  });

  test('of changes that count in no cell of this region is nothing', async () => {
    await rig.deliver([
      inserted(tokenOf({ region: 'us-east-1' })),
      inserted(claimOf()),
      removed(tokenOf({ expiresAt: nowSeconds - 1 })),
    ]);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(0);
  });

  test('of two hundred counters in one batch is one update each', async () => {
    const batch = Array.from({ length: 200 }, (_, index) =>
      inserted(tokenOf({ subject: `post-${index}`, windows: ['-'] })),
    );
    await rig.deliver(batch);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(200);
    const counts = await rig.counts();
    expect(Object.keys(counts)).toHaveLength(200);
    expect(new Set(Object.values(counts))).toEqual(new Set([1n]));
  });
});

describe('a sum is exact', () => {
  const amountsOf = (...amounts: number[]) =>
    amounts.map((amount) => inserted(tokenOf({ amount, windows: [windows.all] })));

  test('at the largest amounts there may be', async () => {
    const { amount } = limits;
    await rig.deliver(amountsOf(...Array.from({ length: 1_000 }, () => amount), -1));
    expect(await rig.counts()).toEqual({ 'post-42/views -': 999_999_999_999n });
  });

  test('when it takes the total beyond what a JavaScript number can hold', async () => {
    await rig.seed(allViews, { n: 2n ** 53n });
    await rig.deliver(amountsOf(1, 1, 1));
    expect(await rig.counts()).toEqual({ 'post-42/views -': 2n ** 53n + 3n });
  });

  test('when amounts cancel each other out', async () => {
    await rig.deliver(amountsOf(5, -8, 3));
    expect(await rig.counts()).toEqual({ 'post-42/views -': 0n });
  });

  test('when one batch alone adds more than a JavaScript number can hold', async () => {
    await rig.deliver(amountsOf(-Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, -2));
    expect(await rig.counts()).toEqual({ 'post-42/views -': -(2n ** 54n) });
  });
});
