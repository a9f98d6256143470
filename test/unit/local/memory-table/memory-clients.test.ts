import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  GetCommand,
  PutCommand,
  paginateQuery,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { fromWire } from '../../../../functions/dynamo/dynamo-clients.ts';
import { isContention, isOutcomeUnknown } from '../../../../functions/dynamo/dynamo-errors.ts';
import { type Fault, faultsByChance } from '../../../../local/memory-table/faults.ts';
import {
  type Connection,
  connectToMemoryTable,
} from '../../../../local/memory-table/memory-clients.ts';
import { MemoryTable } from '../../../../local/memory-table/memory-table.ts';
import { VirtualTime } from '../../../../local/memory-table/virtual-time.ts';
import { seededRandom } from '../../../harness/seeded-random.ts';

const TableName = 'counters';
const Key = { pk: 'c#post-42#likes#here#0', sk: '-' };

let time: VirtualTime;
let table: MemoryTable;

beforeEach(() => {
  time = new VirtualTime(Date.UTC(2096, 1, 29));
  table = new MemoryTable({ tableName: TableName, now: time.now });
});

/** @param faults of the first calls, one after another */
function connect(...faults: (Fault | undefined)[]): Connection {
  return connectToMemoryTable({
    table,
    time,
    random: seededRandom(1),
    chooseFault: () => faults.shift(),
  });
}

const add = () =>
  new UpdateCommand({
    TableName,
    Key,
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': 1, ':nothing': undefined },
    ReturnValues: 'ALL_NEW',
  });

const putIfAbsent = () =>
  new PutCommand({
    TableName,
    Item: { ...Key, n: 1 },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });

const count = () => table.item(Key)?.n?.N;
const failureOf = (sent: Promise<unknown>) =>
  time.run(
    sent.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );

describe('the clients of the memory table', () => {
  test('take and give JavaScript values, whatever their size', async () => {
    const { retrying } = connect().clients;
    const item = {
      ...Key,
      big: 10n ** 37n,
      n: -3,
      b: new Uint8Array([1, 2]),
      list: ['a', { b: true }],
    };
    await time.run(retrying.send(new PutCommand({ TableName, Item: item })));
    const { Item } = await time.run(retrying.send(new GetCommand({ TableName, Key })));
    expect(Item).toEqual(item);
    const { Responses } = await time.run(
      retrying.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [Key] } } })),
    );
    expect(Responses?.[TableName]).toHaveLength(1);
  });

  test('page through a query', async () => {
    const { retrying } = connect().clients;
    const sks = ['2096-01', '2096-02', '2096-03'];
    const found: unknown[] = [];
    async function list() {
      for (const sk of sks) {
        await retrying.send(new PutCommand({ TableName, Item: { ...Key, sk } }));
      }
      const pages = paginateQuery(
        { client: retrying, pageSize: 2 },
        {
          TableName,
          KeyConditionExpression: 'pk = :pk AND sk > :from',
          ExpressionAttributeValues: { ':pk': Key.pk, ':from': '2096' },
        },
      );
      for await (const { Items = [] } of pages) found.push(Items.map(({ sk }) => sk));
    }
    await time.run(list());
    expect(found).toEqual([sks.slice(0, 2), sks.slice(2)]);
  });

  test('give the old item with a failed condition, in DynamoDB’s own form', async () => {
    const { once } = connect().clients;
    await time.run(once.send(putIfAbsent()));
    const error = await failureOf(once.send(putIfAbsent()));
    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
    expect(fromWire((error as ConditionalCheckFailedException).Item)).toEqual({ ...Key, n: 1 });
  });

  test('refuse calls that the table does not know', async () => {
    const error = await failureOf(connect().clients.once.send(new ScanCommand({ TableName })));
    expect(String(error)).toContain('ScanCommand');
  });
});

describe('a call', () => {
  test.each<[Fault, { isUnknown: boolean; isContended: boolean; count: string | undefined }]>([
    ['never_sent', { isUnknown: false, isContended: false, count: undefined }],
    ['throttled', { isUnknown: false, isContended: true, count: undefined }],
    ['reply_lost', { isUnknown: true, isContended: false, count: '1' }],
    ['arrives_late', { isUnknown: true, isContended: false, count: undefined }],
  ])('that meets "%s" fails as it does on AWS', async (fault, expected) => {
    const error = await failureOf(connect(fault).clients.once.send(add()));
    expect({
      isUnknown: isOutcomeUnknown(error),
      isContended: isContention(error),
      count: count(),
    }).toEqual(expected);
  });

  test('is tried three times by the retrying client', async () => {
    const { retrying } = connect('throttled', 'never_sent').clients;
    const { Attributes } = await time.run(retrying.send(add()));
    expect(Attributes?.n).toBe(1);
    const error = await failureOf(
      connect('throttled', 'throttled', 'throttled').clients.retrying.send(add()),
    );
    expect(isContention(error)).toBe(true);
  });

  test('whose first attempt was lost stays unknown, whatever the last one failed with', async () => {
    const error = await failureOf(connect('reply_lost').clients.retrying.send(putIfAbsent()));
    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
    expect(isOutcomeUnknown(error)).toBe(true);
  });

  test.each<Fault>(['duplicated', 'arrives_late'])('that is "%s" happens later', async (fault) => {
    await failureOf(connect(fault).clients.once.send(add()));
    const before = Number(count() ?? 0);
    await time.runOut();
    expect(Number(count())).toBe(before + 1);
  });

  test.each<[Fault, string | undefined]>([
    ['crash_before', undefined],
    ['crash_after', '1'],
  ])('never returns after "%s", nor does any later one of its instance', async (fault, counted) => {
    const { clients, crashed } = connect(fault);
    const back: string[] = [];
    void clients.once.send(add()).finally(() => back.push('first'));
    await time.run(crashed);
    void clients.retrying.send(add()).finally(() => back.push('second'));
    await time.runOut();
    expect({ back, count: count() }).toEqual({ back: [], count: counted });
  });
});

test('one seed gives one history', async () => {
  async function history(seed: number): Promise<string> {
    time = new VirtualTime(0);
    table = new MemoryTable({ tableName: TableName, now: time.now });
    const seen: string[] = [];
    const random = seededRandom(seed);
    const work = Array.from({ length: 20 }, async (_, writer) => {
      const { clients } = connectToMemoryTable({
        table,
        time,
        random,
        chooseFault: faultsByChance({ reply_lost: 0.2, throttled: 0.2, duplicated: 0.2 }, random),
      });
      const outcome = await clients.retrying.send(add()).then(
        ({ Attributes }) => Attributes?.n,
        (error: Error) => error.name,
      );
      seen.push(`${time.now()} ${writer} ${outcome}`);
    });
    await time.run(Promise.all(work));
    return seen.join('\n');
  }
  const first = await history(1);
  expect(await history(1)).toBe(first);
  expect(await history(2)).not.toBe(first);
});

test('work that waits for what will never happen ends with an error', async () => {
  await expect(time.run(new Promise(() => {}))).rejects.toThrow('nothing will happen');
});
