/** The stream delivers at least once, in batches cut anyhow; functions die; replies get lost. */

import { beforeEach, describe, expect, test } from 'vitest';
import { anyonesToken } from '../../harness/counts/anyones-token.ts';
import type { Effect } from '../../harness/faults/fault-rules.ts';
import type { JsonObject } from '../../harness/faults/wire-errors.ts';
import {
  createFoldRig,
  type FoldRig,
  firstShard,
  secondShard,
} from '../../harness/fold/fold-rig.ts';
import {
  beatOf,
  cellOf,
  choiceOf,
  claimOf,
  here,
  inserted,
  nowMs,
  nowSeconds,
  removed,
  replaced,
  tokenOf,
  windows,
} from '../../harness/fold/ledger-records.ts';

let rig: FoldRig;
beforeEach(async () => {
  rig = await createFoldRig();
});

/** What the cells of `post-42/views` hold if they have all counted this. */
const views = (count: number) =>
  Object.fromEntries(
    Object.values(windows).map((window) => [`post-42/views ${window}`, BigInt(count)]),
  );

const someTokens = (count: number) => Array.from({ length: count }, () => inserted(tokenOf()));

/** Updates of the cell of this window. */
const ofWindow = (window: string) => (body: JsonObject) =>
  body.UpdateExpression !== undefined && (body.Key as { sk: { S: string } }).sk.S === window;

describe('a batch counts once', () => {
  test('when it is delivered again', async () => {
    const batch = someTokens(5);
    await rig.deliver(batch);
    await rig.deliver(batch);
    expect(await rig.counts()).toEqual(views(5));
  });

  test('when it is a single record and delivered again', async () => {
    const batch = someTokens(1);
    for (let time = 0; time < 3; time++) await rig.deliver(batch);
    expect(await rig.counts()).toEqual(views(1));
  });

  test('when it is delivered again in other cuts', async () => {
    const records = someTokens(9);
    await rig.deliver(records.slice(0, 4));
    await rig.deliver(records.slice(0, 2));
    await rig.deliver(records.slice(2, 7));
    await rig.deliver(records.slice(7));
    expect(await rig.counts()).toEqual(views(9));
  });

  test('when batches overlap', async () => {
    const records = someTokens(12);
    for (let from = 0; from < 12; from += 2) await rig.deliver(records.slice(from, from + 5));
    expect(await rig.counts()).toEqual(views(12));
  });

  test('when an old batch comes again long after', async () => {
    const records = someTokens(6);
    await rig.deliver(records.slice(0, 3));
    await rig.deliver(records.slice(3));
    await rig.deliver(records.slice(0, 3));
    expect(await rig.counts()).toEqual(views(6));
  });

  test('when two functions are at work on it at the same time', async () => {
    const records = someTokens(6);
    const gate = rig.proxy.hold({ operation: 'UpdateItem' });
    const both = Promise.all([rig.deliver(records), rig.deliver(records.slice(0, 4))]);
    await gate.reached(6);
    gate.open();
    await both;
    expect(await rig.counts()).toEqual(views(6));
  });

  test('on every cell, when the function dies before it has come to one of them', async () => {
    const records = someTokens(10);
    for (const [turn, window] of Object.values(windows).entries()) {
      const batch = records.slice(0, 2 + 3 * turn);
      const death = rig.proxy.inject({ effect: 'drop before commit', where: ofWindow(window) });
      await expect(rig.deliver(batch)).rejects.toThrow('1 of 3 cells not folded');
      death.remove();
    }
    await rig.deliver(records);
    expect(await rig.counts()).toEqual(views(10));
  });

  test('when one cell is in conflict with a transaction, and the others are not', async () => {
    const records = someTokens(3);
    const conflict = rig.proxy.inject({ effect: 'conflict', where: ofWindow(windows.all) });
    await expect(rig.deliver(records)).rejects.toThrow('1 of 3 cells not folded');
    conflict.remove();
    await rig.deliver(records.slice(0, 1));
    await rig.deliver(records.slice(1));
    expect(await rig.counts()).toEqual(views(3));
  });

  test.each<Effect>(['lose reply', 'error after commit'])(
    'when its update is made and the SDK sends it again (%s)',
    async (effect) => {
      rig.proxy.inject({ effect, times: 2 });
      await rig.deliver(someTokens(4));
      expect(await rig.counts()).toEqual(views(4));
    },
  );

  test('when no reply ever comes and it is delivered again', async () => {
    const batch = someTokens(4);
    const loss = rig.proxy.inject({ effect: 'lose reply' });
    await expect(rig.deliver(batch)).rejects.toThrow('3 of 3 cells not folded');
    loss.remove();
    await rig.deliver(batch);
    expect(await rig.counts()).toEqual(views(4));
  });
});

describe('several stream shards', () => {
  test('count into one cell, each from its own mark', async () => {
    const [first, second] = [someTokens(3), someTokens(4)];
    await rig.deliver(second, secondShard);
    await rig.deliver(first, firstShard);
    await rig.deliver(first, firstShard);
    await rig.deliver(second, secondShard);
    expect(await rig.counts()).toEqual(views(7));
  });

  test('count into one cell at the same time', async () => {
    const gate = rig.proxy.hold({ operation: 'UpdateItem' });
    const both = Promise.all([
      rig.deliver(someTokens(3), firstShard),
      rig.deliver(someTokens(4), secondShard),
    ]);
    await gate.reached(6);
    gate.open();
    await both;
    expect(await rig.counts()).toEqual(views(7));
  });

  test('leave a total with a later version each, at one call each', async () => {
    const key = {
      subject: 'post-42',
      counter: 'views',
      window: windows.all,
      region: here,
      shard: 0,
    };
    const gate = rig.proxy.hold({ operation: 'UpdateItem' });
    const folds = Array.from({ length: 8 }, (_, index) =>
      rig.foldStore.fold({
        key,
        streamShardId: `${firstShard}${index}`,
        entries: [{ sequence: '7', at: nowSeconds, amount: 1, countsInAll: true }],
        nowMs,
        expectsNoGrowth: false,
        expiresAt: undefined,
      }),
    );
    await gate.reached(8);
    gate.open();
    const cells = (await Promise.all(folds))
      .flatMap((outcome) => (outcome.outcome === 'folded' ? [outcome.cell] : []))
      .toSorted((one, other) => one.version - other.version);
    expect(cells.map(({ count }) => count)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
    expect(cells.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(rig.proxy.forwarded('UpdateItem')).toBe(8);
  });
});

describe('what becomes of a ledger item', () => {
  test('a claim counts nothing: its register does', async () => {
    await rig.deliver([inserted(claimOf())]);
    expect(await rig.counts()).toEqual({});
  });

  test('a cell that is changed directly is followed by the other windows of its change', async () => {
    const { [`post-42/views ${windows.all}`]: _, ...others } = views(7);
    await rig.deliver([inserted(cellOf(4)), replaced(cellOf(4), cellOf(7))]);
    expect(await rig.counts()).toEqual(others);
    await rig.deliver([replaced(cellOf(7), cellOf(7, { count: 0 }))]);
    expect(await rig.counts(), 'not by a reset').toEqual(others);
    await rig.deliver([removed(cellOf(7)), inserted(cellOf(3, { region: 'us-east-1' }))]);
    expect(await rig.counts(), 'not by an expiry, nor by another region').toEqual(others);
  });

  test('a token that another region wins is taken back', async () => {
    const token = tokenOf({ token: anyonesToken('the same'), amount: 5 });
    const elsewhere = tokenOf({ token: anyonesToken('the same'), amount: 5, region: 'us-east-1' });
    await rig.deliver([...someTokens(2), inserted(token), replaced(token, elsewhere)]);
    expect(await rig.counts()).toEqual(views(2));
  });

  test('a token of another region is not counted here', async () => {
    await rig.deliver([inserted(tokenOf({ region: 'us-east-1' }))]);
    expect(await rig.counts()).toEqual({});
  });

  test('an expired token stays counted', async () => {
    const token = tokenOf({ expiresAt: nowSeconds - 60 });
    await rig.deliver([inserted(token), removed(token)]);
    expect(await rig.counts()).toEqual(views(1));
  });

  test('a viewer counts in the bucket of its last beat alone', async () => {
    const [earlier, later] = [`@${nowSeconds - 10}`, `@${nowSeconds}`];
    const before = beatOf('ann', earlier, nowSeconds + 50);
    await rig.deliver([inserted(before), replaced(before, beatOf('ann', later, nowSeconds + 60))]);
    expect(await rig.counts()).toEqual({
      [`post-42/viewers/${earlier} -`]: 0n,
      [`post-42/viewers/${later} -`]: 1n,
    });
  });

  test('a choice moves in one write, so that nobody sees it in both or in neither', async () => {
    await rig.deliver([inserted(choiceOf('ann', 'love'))]);
    rig.proxy.forget();
    await rig.deliver([replaced(choiceOf('ann', 'love'), choiceOf('ann', 'wow'))]);
    expect(rig.proxy.requests.map(({ operation }) => operation)).toEqual(['UpdateItem']);
  });

  test('a choice moves, and is taken back', async () => {
    const love = choiceOf('ann', 'love');
    const wow = choiceOf('ann', 'wow');
    await rig.deliver([inserted(love), inserted(choiceOf('bob', 'wow'))]);
    await rig.deliver([replaced(love, wow)]);
    expect(await rig.counts()).toEqual({
      'post-42/reactions/love -': 0n,
      'post-42/reactions/wow -': 2n,
    });
    await rig.deliver([removed(wow)]);
    expect(await rig.counts()).toMatchObject({ 'post-42/reactions/wow -': 1n });
  });
});
