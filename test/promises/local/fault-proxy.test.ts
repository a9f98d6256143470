import {
  BatchGetItemCommand,
  GetItemCommand,
  InternalServerError,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  ThrottlingException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createTestClient,
  createTestTable,
  type TestTable,
} from '../../harness/engine/test-table.ts';
import { type FaultProxy, startFaultProxy } from '../../harness/faults/fault-proxy.ts';
import type { Effect } from '../../harness/faults/fault-rules.ts';

let table: TestTable;
let proxy: FaultProxy;
let client: TestTable['client'];

beforeEach(async () => {
  table = await createTestTable();
  proxy = await startFaultProxy({ upstream: table.endpoint });
  client = createTestClient(proxy.endpoint);
});

afterEach(async () => {
  client.destroy();
  await proxy.stop();
});

const key = (pk: string) => ({ pk: { S: pk }, sk: { S: '-' } });

const put = (pk: string) =>
  client.send(new PutItemCommand({ TableName: table.tableName, Item: key(pk) }));

const transact = (...pks: string[]) =>
  client.send(
    new TransactWriteItemsCommand({
      TransactItems: pks.map((pk) => ({ Put: { TableName: table.tableName, Item: key(pk) } })),
    }),
  );

/** Asks the engine itself, past the proxy. */
async function isStored(pk: string): Promise<boolean> {
  const command = new GetItemCommand({
    TableName: table.tableName,
    Key: key(pk),
    ConsistentRead: true,
  });
  return (await table.client.send(command)).Item !== undefined;
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the request should have failed'),
    (error: unknown) => error,
  );

test('without rules every request passes and is counted', async () => {
  await put('a');
  await transact('b', 'c');
  expect(await isStored('a')).toBe(true);
  expect(proxy.forwarded()).toBe(2);
  expect(proxy.forwarded('TransactWriteItems')).toBe(1);
  expect(proxy.requests.map((it) => [it.operation, it.status])).toEqual([
    ['PutItem', 200],
    ['TransactWriteItems', 200],
  ]);
  proxy.forget();
  expect(proxy.forwarded()).toBe(0);
});

test("the engine's own errors pass unchanged", async () => {
  const refused = client.send(
    new UpdateItemCommand({
      TableName: table.tableName,
      Key: key('a'),
      UpdateExpression: 'ADD n :one',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }),
  );
  await expect(refused).rejects.toThrow('The conditional request failed');
});

test('the capacity that a request asked about is recorded', async () => {
  await client.send(
    new PutItemCommand({
      TableName: table.tableName,
      Item: key('a'),
      ReturnConsumedCapacity: 'TOTAL',
    }),
  );
  expect(proxy.requests[0]?.consumedCapacity).toMatchObject({ CapacityUnits: 1 });
});

describe('refusals write nothing and surface as the exceptions of the SDK', () => {
  test.each([
    ['throttle', ProvisionedThroughputExceededException],
    ['throttle request', ThrottlingException],
    ['conflict', TransactionConflictException],
    ['server error before commit', InternalServerError],
  ] as const)('%s', async (effect, exception) => {
    proxy.inject({ effect });
    expect(await failure(put('a'))).toBeInstanceOf(exception);
    expect(await isStored('a')).toBe(false);
    expect(proxy.forwarded()).toBe(0);
    expect(proxy.requests[0]).toMatchObject({ operation: 'PutItem', fault: effect });
  });

  test.each([
    ['throttle', 'ThrottlingError'],
    ['conflict', 'TransactionConflict'],
  ] as const)('%s in a transaction names the item at fault', async (effect, code) => {
    proxy.inject({ effect, culprit: 1 });
    const error = await failure(transact('a', 'b', 'c'));
    expect(error).toBeInstanceOf(TransactionCanceledException);
    const { CancellationReasons, message } = error as TransactionCanceledException;
    expect(CancellationReasons?.map((it) => it.Code)).toEqual(['None', code, 'None']);
    expect(message).toContain(`[None, ${code}, None]`);
    expect(await isStored('a')).toBe(false);
  });
});

test.each<[Effect, boolean]>([
  ['drop before commit', false],
  ['lose reply', true],
  ['error after commit', true],
])('%s: the caller sees a failure, written: %s', async (effect, written) => {
  proxy.inject({ effect });
  const error = await failure(transact('a', 'b'));
  if (effect === 'error after commit') expect(error).toBeInstanceOf(InternalServerError);
  else expect(error).toMatchObject({ code: 'ECONNRESET' });
  expect(await isStored('a')).toBe(written);
  expect(await isStored('b')).toBe(written);
});

test('unprocessed keys come back in a form that can be sent again', async () => {
  await transact('a', 'b', 'c');
  proxy.inject({ effect: 'unprocessed', operation: 'BatchGetItem', times: 1 });
  const { tableName } = table;
  const read = (RequestItems: NonNullable<BatchGetItemCommand['input']>['RequestItems']) =>
    client.send(new BatchGetItemCommand({ RequestItems }));

  const first = await read({
    [tableName]: { Keys: ['a', 'b', 'c'].map(key), ConsistentRead: true },
  });
  expect(first.Responses?.[tableName]).toHaveLength(2);
  expect(first.UnprocessedKeys).toEqual({
    [tableName]: { Keys: [key('c')], ConsistentRead: true },
  });

  const second = await read(first.UnprocessedKeys);
  expect(second.Responses?.[tableName]).toEqual([key('c')]);
  expect(second.UnprocessedKeys).toEqual({});
});

describe('a rule', () => {
  test('hits only the operations, bodies and number of requests it is for', async () => {
    const injection = proxy.inject({
      effect: 'throttle',
      operation: ['PutItem', 'UpdateItem'],
      where: (body) => (body.Item as ReturnType<typeof key>).pk.S === 'hot',
      times: 1,
    });
    await put('cold');
    await transact('hot', 'other');
    await failure(put('hot'));
    await put('hot');
    expect(injection.hits).toBe(1);
  });

  test('is gone once removed', async () => {
    proxy.inject({ effect: 'throttle' }).remove();
    await put('a');
    expect(await isStored('a')).toBe(true);
  });

  test('with a rate follows the random function it was given', async () => {
    const draws = [0.1, 0.9, 0.4, 0.5];
    const seeded = await startFaultProxy({
      upstream: table.endpoint,
      random: () => draws.shift() ?? 1,
    });
    const seededClient = createTestClient(seeded.endpoint);
    const injection = seeded.inject({ effect: 'drop before commit', rate: 0.5 });
    const outcomes: boolean[] = [];
    for (const pk of ['a', 'b', 'c', 'd']) {
      const sent = seededClient.send(
        new PutItemCommand({ TableName: table.tableName, Item: key(pk) }),
      );
      outcomes.push(
        await sent.then(
          () => true,
          () => false,
        ),
      );
    }
    expect(outcomes).toEqual([false, true, false, true]);
    expect(injection.hits).toBe(2);
    seededClient.destroy();
    await seeded.stop();
  });

  test('with a rate needs a random function', () => {
    expect(() => proxy.inject({ effect: 'throttle', rate: 0.5 })).toThrow('random function');
  });

  test('is tried in the order of injection, one for each request', async () => {
    proxy.inject({ effect: 'throttle', times: 1 });
    proxy.inject({ effect: 'conflict', times: 1 });
    expect(await failure(put('a'))).toBeInstanceOf(ProvisionedThroughputExceededException);
    expect(await failure(put('a'))).toBeInstanceOf(TransactionConflictException);
    await put('a');
  });
});

describe('a gate', () => {
  test('parks a request before anything is written, until it is released', async () => {
    const gate = proxy.hold({ operation: 'PutItem', times: 2 });
    const first = put('a');
    await gate.reached();
    const second = put('b');
    await gate.reached(2);
    expect(proxy.forwarded()).toBe(0);

    gate.release();
    await first;
    expect(await isStored('b')).toBe(false);
    gate.release();
    await second;
    await put('c');
  });

  test('parks a reply whose write has happened already', async () => {
    const gate = proxy.hold({ side: 'reply' });
    const sent = put('a');
    await gate.reached();
    expect(await isStored('a')).toBe(true);
    gate.open();
    await sent;
    await put('b');
  });

  test('comes before the faults', async () => {
    const gate = proxy.hold({ times: 1 });
    const sent = failure(put('a'));
    await gate.reached();
    proxy.inject({ effect: 'conflict' });
    gate.open();
    expect(await sent).toBeInstanceOf(TransactionConflictException);
  });

  test('lets its requests go when the proxy stops', async () => {
    const gate = proxy.hold({});
    const sent = failure(put('a'));
    await gate.reached();
    await proxy.stop();
    expect(await sent).toMatchObject({ code: 'ECONNRESET' });
  });
});
