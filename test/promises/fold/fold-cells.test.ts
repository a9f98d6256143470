/** What the fold writes into cells, and what it costs. */
import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { watermarkName } from '../../../functions/rules/watermarks.ts';
import {
  createFoldRig,
  type FoldRig,
  firstShard,
  secondShard,
} from '../../harness/fold/fold-rig.ts';
import {
  beatOf,
  choiceOf,
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
    ['a time that is not a number', { n: 1, t: 'now' }],
    ['a watermark that is not text', { n: 1, [watermarkName(firstShard)]: 7 }],
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

  test('that others write to all the time, dating it later each time, is folded into all the same', async () => {
    const gate = rig.proxy.hold({ operation: 'UpdateItem' });
    const delivery = rig.deliver([inserted(tokenOf({ windows: [windows.all] }))]);
    const hasEnded = delivery.then(() => true);
    for (let tries = 1; ; tries++) {
      if (await Promise.race([hasEnded, gate.reached(tries).then(() => false)])) break;
      await rig.seed(allViews, { n: 5, t: nowMs + 1_000 + 3 * tries });
      gate.release();
    }
    expect(await rig.cell(allViews)).toMatchObject({ n: 6 });
  });

  test('keeps what others have written into it', async () => {
    await rig.seed(allViews, { n: 5, t: nowMs - 1, s: 4, l: nowMs + 9 });
    await rig.deliver([inserted(tokenOf())]);
    expect(await rig.cell(allViews)).toMatchObject({ n: 6, s: 4, l: nowMs + 9 });
  });

  test('that grew or was listened to before anything was counted starts at 0', async () => {
    await rig.seed(allViews, { s: 2, l: nowMs + 9 });
    await rig.deliver([inserted(tokenOf({ amount: 4 }))]);
    expect(await rig.cell(allViews)).toMatchObject({ n: 4 });
  });

  test('whose last writer had a clock that is ahead gets a later time all the same', async () => {
    await rig.seed(allViews, { n: 5, t: nowMs + hoursMs(1) });
    await rig.deliver([inserted(tokenOf())]);
    expect(await rig.cell(allViews)).toMatchObject({ n: 6, t: nowMs + hoursMs(1) + 1 });
  });
});

describe('watermarks', () => {
  const mark = watermarkName;
  const old = streamShard('5a5a5a5a', hoursMs(49));
  const recent = streamShard('6b6b6b6b', hoursMs(47));

  test('of stream shards that can deliver no more are removed, the others stay', async () => {
    const before = { [mark(old)]: '7', [mark(recent)]: '8', [mark(secondShard)]: '9' };
    await rig.seed(allViews, { n: 5, ...before });
    await rig.deliver([inserted(tokenOf())]);
    const cell = await rig.cell(allViews);
    const marks = Object.keys(cell ?? {}).filter((name) => name.startsWith('w'));
    expect(marks.toSorted()).toEqual(
      [mark(recent), mark(secondShard), mark(firstShard)].toSorted(),
    );
    expect(cell).toMatchObject({ n: 6, [mark(recent)]: '8', [mark(secondShard)]: '9' });
  });

  test('cost nothing to prune while there are none to prune', async () => {
    await rig.seed(allViews, { n: 5, [mark(old)]: '7' });
    await rig.deliver([inserted(tokenOf({ windows: [windows.all] }))]);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(2);
    rig.proxy.forget();
    await rig.deliver([inserted(tokenOf({ windows: [windows.all] }))]);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(1);
  });

  test('that cannot be pruned now leave the count right when the batch comes again', async () => {
    await rig.seed(allViews, { n: 5, [mark(old)]: '7' });
    const batch = [inserted(tokenOf())];
    const isPruning = (body: { UpdateExpression?: unknown }) =>
      String(body.UpdateExpression).startsWith('REMOVE');
    const outage = rig.proxy.inject({ effect: 'throttle', where: isPruning });
    await rig.deliver(batch).catch(() => {});
    outage.remove();
    await rig.deliver(batch);
    expect(await rig.cell(allViews)).toMatchObject({ n: 6 });
  });
});

describe('the price', () => {
  test('of ten thousand changes of one counter is one update a window', async () => {
    const batch = Array.from({ length: 10_000 }, () => inserted(tokenOf({ amount: 3 })));
    await rig.deliver(batch);
    expect(rig.proxy.requests.map(({ operation }) => operation)).toEqual([
      'UpdateItem',
      'UpdateItem',
      'UpdateItem',
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

  test('of a batch in the middle of which the watermark lies is two calls a cell', async () => {
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
