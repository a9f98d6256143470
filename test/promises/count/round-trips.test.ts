import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeUnits } from '../../harness/counts/write-units.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { scanTable } from '../../harness/ledger-delivery.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

const longestName = 'x'.repeat(32);

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: {
      likes: { kind: 'count', maxShards: 250, access: open },
      views: { kind: 'count', write: 'deferred', access: open },
      stock: { kind: 'count', bounds: { min: -9 }, access: open },
      [longestName]: { kind: 'count', windows: ['all', 'day', 'hour', 'minute'], access: open },
    },
  }));
});

afterEach(() => proxy.stop());

const sent = () => proxy.requests.map(({ operation }) => operation);

const seedShards = (count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, shard) =>
      tally.seedCell(
        { subject: 'post', counter: 'likes', shard },
        { n: 1, ...(shard === 0 ? { s: count } : {}) },
      ),
    ),
  );

describe('one change', () => {
  test.each([
    ['likes', 'without a token', undefined, ['UpdateItem'], 1],
    ['likes', 'with a token', 'a', ['PutItem', 'UpdateItem'], 2],
    ['views', 'without a token', undefined, ['PutItem'], 1],
    ['views', 'with a token', 'a', ['PutItem'], 1],
    ['stock', 'without a token', undefined, ['UpdateItem'], 1],
    ['stock', 'with a token', 'a', ['PutItem', 'UpdateItem'], 2],
    // The settings of its subject say which day it is.
    [longestName, 'without a token', undefined, ['GetItem', 'UpdateItem'], 1],
  ])(
    'of %s %s is a write for its token and one for its cell, if no count is wanted',
    async (counter, _, token, calls, units) => {
      const options = { minimal: true, ...(token === undefined ? {} : { token }) };
      expect(await tally.change(`post/${counter}`, 1, options)).toMatchObject({ status: 204 });
      expect(sent()).toEqual(calls);
      expect(writeUnits(proxy.requests)).toBe(units);
    },
  );

  test.each([
    ['likes', 'without a token', undefined, ['UpdateItem']],
    ['stock', 'without a token', undefined, ['UpdateItem']],
    ['likes', 'with a token', 'a', ['PutItem', 'UpdateItem']],
    ['stock', 'with a token', 'a', ['PutItem', 'UpdateItem']],
    ['views', 'with a token', 'a', ['GetItem', 'PutItem']],
  ])('of %s %s reads nothing behind its writes', async (counter, _, token, calls) => {
    const options = token === undefined ? {} : { token };
    expect(await tally.change(`post/${counter}`, 1, options)).toMatchObject({
      status: 200,
      body: { count: 1 },
    });
    expect(sent().toSorted()).toEqual(calls.toSorted());
  });

  test.each([
    ['likes', ['PutItem', 'UpdateItem']],
    ['views', ['PutItem']],
    ['stock', ['PutItem', 'UpdateItem']],
  ])('of %s that comes again changes nothing', async (counter, writes) => {
    await tally.change(`post/${counter}`, 1, { token: 'a' });
    const before = await tally.items();
    proxy.forget();
    await tally.change(`post/${counter}`, 1, { token: 'a', minimal: true });
    expect(sent()).toEqual(writes);
    expect(writeUnits(proxy.requests)).toBe(writes.length);
    expect(await tally.items()).toEqual(before);
  });

  test('that is refused for its bounds changes nothing but its token', async () => {
    const cell = { subject: 'post', counter: 'stock' };
    const before = await tally.cell(cell);
    for (const options of [{}, { token: 'a' }]) {
      proxy.forget();
      expect(await tally.change('post/stock', -10, options)).toMatchObject({ status: 409 });
      expect(sent()).toEqual('token' in options ? ['PutItem', 'UpdateItem'] : ['UpdateItem']);
    }
    expect(await tally.cell(cell)).toEqual(before);
  });

  test('of a total with several cells reads them in one call, and not again within a second', async () => {
    await seedShards(4);
    await tally.change('post/likes', 1);
    proxy.forget();
    await tally.change('post/likes', 1);
    expect(sent()).toEqual(['UpdateItem']);
    tally.clock.advance(1000);
    await tally.change('post/likes', 1);
    expect(sent()).toEqual(['UpdateItem', 'UpdateItem', 'BatchGetItem']);
  });
});

test('no item that a change writes is larger than one write unit', async () => {
  const subject = 'y'.repeat(128);
  await tally.change(`${subject}/${longestName}`, 1_000_000_000, { token: 'z'.repeat(255) });
  await tally.settle();
  const { client, tableName: TableName } = tally.table;
  for (const Item of await scanTable({ client, tableName: TableName })) {
    const { ConsumedCapacity } = await client.send(
      new PutItemCommand({ TableName, Item, ReturnConsumedCapacity: 'TOTAL' }),
    );
    expect(ConsumedCapacity?.CapacityUnits, Item.pk?.S ?? '').toBe(1);
  }
});

describe('reading', () => {
  test('a total of one cell is one GetItem of that cell', async () => {
    await tally.change('post/likes', 1);
    proxy.forget();
    for (let round = 0; round < 3; round++) await tally.read('post/likes');
    expect(sent()).toEqual(['GetItem', 'GetItem', 'GetItem']);
    expect(proxy.requests[0]?.body).toMatchObject({ ConsistentRead: false });
  });

  test('a total of several cells is one BatchGetItem, once their number is known', async () => {
    await seedShards(16);
    await tally.read('post/likes');
    proxy.forget();
    expect(await tally.read('post/likes', { consistent: 'true' })).toMatchObject({
      body: { count: 16 },
    });
    expect(sent()).toEqual(['BatchGetItem']);
  });

  test('more than 100 cells takes calls of at most 100 keys', async () => {
    await seedShards(250);
    for (const expected of [
      [1, 49, 100, 100],
      [50, 100, 100],
    ]) {
      proxy.forget();
      expect(await tally.read('post/likes', { consistent: 'true' })).toMatchObject({
        body: { count: 250 },
      });
      expect(keysPerRead().toSorted((a, b) => a - b)).toEqual(expected);
    }
  });

  test('keys that DynamoDB leaves unprocessed are asked for again', async () => {
    await seedShards(16);
    await tally.read('post/likes');
    proxy.inject({ effect: 'unprocessed', operation: 'BatchGetItem', times: 2 });
    proxy.forget();
    expect(await tally.read('post/likes', { consistent: 'true' })).toMatchObject({
      body: { count: 16 },
    });
    expect(keysPerRead()).toEqual([16, 8, 4]);
  });

  function keysPerRead(): number[] {
    const { tableName } = tally.table;
    return proxy.requests.map(({ operation, body }) => {
      if (operation === 'GetItem') return 1;
      const asked = body.RequestItems as Record<string, { Keys: unknown[] }>;
      return asked[tableName]?.Keys.length ?? 0;
    });
  }
});
