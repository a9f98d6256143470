/** What a new deployment of the same table, with another configuration, must not break. */
import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { crowdCells } from '../../harness/counts/crowded-cells.ts';
import { uuidV7 } from '../../harness/counts/uuid-v7.ts';
import { createTestTable, type TestTable } from '../../harness/engine/test-table.ts';
import { startFaultProxy } from '../../harness/faults/fault-proxy.ts';
import {
  createTallyUnderTest,
  open,
  type TallyOptions,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const hourMs = 3_600_000;
const settleMs = limits.boundsSettleSeconds * 1000;

let table: TestTable;
let nowMs: number;

beforeEach(async () => {
  table = await createTestTable();
  nowMs = Date.parse('2096-02-28T23:00:00.000Z');
});

/** A new deployment, at the time of now. */
async function deploy(
  options: Pick<TallyOptions, 'counters' | 'settings' | 'instances' | 'endpoint'>,
): Promise<TallyUnderTest> {
  const startsAt = new Date(nowMs).toISOString();
  return createTallyUnderTest({ ...options, table, startsAt });
}

const count = async (tally: TallyUnderTest, counter: string) => {
  const { body } = await tally.read(counter, { consistent: 'true' });
  return (body as { count: number }).count;
};

describe('more hours of idempotency keys', () => {
  const counters: TallyOptions['counters'] = {
    likes: { kind: 'count', access: open },
    views: { kind: 'count', write: 'deferred', access: open },
    stock: { kind: 'count', bounds: { min: 0 }, access: open },
  };
  const withHours = (tokenHours: number, instances = 1) =>
    deploy({ counters, settings: { tokenHours }, instances });
  const expired = { status: 422, body: { code: 'idempotency_key_expired' } };

  test.each(['likes', 'views', 'stock'])(
    'do not let a key that was refused as too old count again: %s',
    async (counter) => {
      const before = await withHours(24);
      const token = uuidV7(nowMs);
      const send = (on: TallyUnderTest) => on.change(`post/${counter}`, 3, { token });
      expect(await send(before)).toMatchObject({ status: 200 });
      await before.settle();
      nowMs += 30 * hourMs;
      before.clock.moveTo(nowMs);
      expect(await send(before)).toMatchObject(expired);
      // DynamoDB may have deleted its item by now.
      const after = await withHours(720, 2);
      for (const instance of after.instances) {
        expect(await instance.change(`post/${counter}`, 3, { token })).toMatchObject(expired);
      }
      for (const hours of [1, 24, 100, 600]) {
        nowMs += hours * hourMs;
        const later = await withHours(720);
        expect(await send(later), `${hours} hours later`).toMatchObject(expired);
      }
      expect(await count(after, `post/${counter}`)).toBe(3);
    },
  );

  test('are promised for the keys that come from then on', async () => {
    await (await withHours(24)).change('post/likes', 1, { token: uuidV7(nowMs) });
    await (await withHours(720)).change('post/likes', 1, { token: uuidV7(nowMs) });
    nowMs += 30 * hourMs;
    const token = uuidV7(nowMs);
    const tally = await withHours(720);
    await tally.change('post/likes', 1, { token });
    tally.clock.moveTo(nowMs + 700 * hourMs);
    expect(await tally.change('post/likes', 1, { token })).toMatchObject({
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
      body: { count: 3 },
    });
  });

  test('are not undone by a deployment with fewer in between', async () => {
    const token = uuidV7(nowMs);
    const send = async (tokenHours: number) =>
      (await withHours(tokenHours)).change('post/likes', 1, { token });
    await (await withHours(720)).change('post/likes', 1, { token: uuidV7(nowMs) });
    expect(await send(24)).toMatchObject({ status: 200 });
    nowMs += 30 * hourMs;
    expect(await send(720)).toMatchObject(expired);
  });
});

describe('bounds of a counter that had none', () => {
  const free: TallyOptions['counters'] = {
    stock: { kind: 'count', write: 'deferred', access: open },
  };
  const bounded: TallyOptions['counters'] = {
    stock: { kind: 'count', bounds: { min: 0 }, access: open },
  };
  const settling = { status: 503, body: { code: 'bounds_settling' } };

  /** 5 in stock, and a sale of all of them that is pending. */
  async function sellPending(): Promise<TallyUnderTest> {
    const before = await deploy({ counters: free });
    await before.change('shoe/stock', 5);
    await before.settle();
    expect(await before.change('shoe/stock', -5)).toMatchObject({ body: { pending: true } });
    expect(await count(before, 'shoe/stock')).toBe(5);
    return before;
  }

  test.each([{}, { token: 'a' }])(
    'sell nothing that a pending sale has sold: %o',
    async (options) => {
      const before = await sellPending();
      const after = await deploy({ counters: bounded, instances: 2 });
      for (const instance of after.instances) {
        const answer = await instance.change('shoe/stock', -5, options);
        expect(answer).toMatchObject(settling);
        expect(answer.headers['retry-after']).toBe(String(limits.boundsSettleSeconds));
      }
      await before.settle();
      after.clock.advance(settleMs - 1);
      const answer = await after.change('shoe/stock', -5, options);
      expect(answer).toMatchObject({ ...settling, headers: { 'retry-after': '1' } });
      after.clock.advance(1);
      expect(await after.change('shoe/stock', -5, options)).toMatchObject({
        status: 409,
        body: { code: 'out_of_bounds', count: 0 },
      });
      expect(await count(after, 'shoe/stock')).toBe(0);
      expect(await after.change('shoe/stock', 2, options)).toMatchObject({ body: { count: 2 } });
    },
  );

  test('refuse a reset as well, until nothing is pending', async () => {
    await sellPending();
    const adminKey = 'tally_test_0123456789abcdefghij';
    const after = await createTallyUnderTest({
      counters: bounded,
      table,
      adminKey,
      startsAt: new Date(nowMs).toISOString(),
    });
    const headers = { authorization: `Bearer ${adminKey}` };
    const reset = () => after.send({ method: 'POST', path: '/v1/shoe/stock/reset', headers });
    expect(await reset()).toMatchObject(settling);
  });

  test('hold up a sale that went into the ledger because the counter was busy', async () => {
    const proxy = await startFaultProxy({ upstream: table.endpoint });
    const before = await deploy({
      counters: { stock: { kind: 'count', maxShards: 1, access: open } },
      endpoint: proxy.endpoint,
    });
    await before.change('shoe/stock', 5);
    const busy = crowdCells(proxy);
    const sale = await before.change('shoe/stock', -5);
    busy.remove();
    await proxy.stop();
    expect(sale).toMatchObject({ status: 200, body: { pending: true } });
    const after = await deploy({ counters: bounded });
    expect(await after.change('shoe/stock', -5)).toMatchObject(settling);
  });

  test('are kept from the first change on where the counter is new', async () => {
    await (await deploy({ counters: { likes: { kind: 'count', access: open } } })).change(
      'a/likes',
      1,
    );
    const after = await deploy({ counters: bounded });
    expect(await after.change('shoe/stock', 5)).toMatchObject({ status: 200 });
    expect(await after.change('shoe/stock', -6)).toMatchObject({ status: 409 });
  });

  test('do not settle again with every deployment, but when they come back', async () => {
    const change = async (counters: TallyOptions['counters']) =>
      (await deploy({ counters })).change('shoe/stock', 1);
    expect(await change(bounded)).toMatchObject({ status: 200 });
    expect(await change({ ...bounded, likes: { kind: 'count', access: open } })).toMatchObject({
      status: 200,
    });
    expect(await change(free)).toMatchObject({ status: 200 });
    expect(await change(bounded)).toMatchObject(settling);
    nowMs += settleMs;
    expect(await change(bounded)).toMatchObject({ status: 200 });
  });

  test('of several containers that start at once settle once', async () => {
    await sellPending();
    const after = await deploy({ counters: bounded, instances: 6 });
    const answers = await Promise.all(
      after.instances.map((instance) => instance.change('shoe/stock', -1)),
    );
    for (const answer of answers) expect(answer).toMatchObject(settling);
    after.clock.advance(settleMs);
    for (const instance of after.instances) {
      expect(await instance.change('shoe/stock', 1)).toMatchObject({ status: 200 });
    }
  });
});
