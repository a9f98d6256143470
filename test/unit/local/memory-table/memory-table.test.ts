import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryTable } from '../../../../local/memory-table/memory-table.ts';
import { type TableChange, toStreamRecord } from '../../../../local/memory-table/stream-record.ts';
import type { TableRequest } from '../../../../local/memory-table/table-request.ts';

const startMs = Date.UTC(2096, 1, 29, 9, 30);
const TableName = 'counters';
const Key = { pk: { S: 'c#post-42#likes#here#0' }, sk: { S: '-' } };

let nowMs: number;
let table: MemoryTable;
let changes: TableChange[];

beforeEach(() => {
  nowMs = startMs;
  table = new MemoryTable({ tableName: TableName, now: () => nowMs });
  changes = [];
  table.onChange((change) => changes.push(change));
});

const put = (item: object): TableRequest => ({
  operation: 'PutItem',
  input: { TableName, Item: { ...Key, ...item } },
});

const add = (amount: number, input: object = {}): TableRequest => ({
  operation: 'UpdateItem',
  input: {
    TableName,
    Key,
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': { N: String(amount) } },
    ...input,
  },
});

const remove: TableRequest = { operation: 'DeleteItem', input: { TableName, Key } };

describe('a write', () => {
  test.each([
    ['as large as it is, in steps of a kilobyte', {}, 1],
    ['as large as it is after it, if it grew', { big: { S: 'x'.repeat(3_000) } }, 3],
  ])('costs what the item is worth: %s', (_, item, units) => {
    table.apply(put({}));
    expect(table.apply(put(item)).writeUnits).toBe(units);
    expect(table.apply(put({})).writeUnits).toBe(units);
  });

  test('costs as much when its condition fails', () => {
    table.apply(put({ big: { S: 'x'.repeat(1_500) } }));
    const failed = table.apply(add(1, { ConditionExpression: 'attribute_not_exists(pk)' }));
    expect(failed).toMatchObject({ outcome: 'condition_failed', writeUnits: 2 });
  });

  test('is refused when the item would be larger than 400 KB', () => {
    const refused = table.apply(put({ big: { S: 'x'.repeat(400 * 1_024) } }));
    expect(refused.error?.name).toBe('ValidationException');
    expect([...table.items()]).toEqual([]);
  });

  test('is refused when an expression is longer than 4 KB', () => {
    const names = Array.from({ length: 400 }, (_, index) => `#stale${index}`);
    const refused = table.apply({
      operation: 'UpdateItem',
      input: {
        TableName,
        Key,
        UpdateExpression: `REMOVE ${names.join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [name, name.slice(1)])),
      },
    });
    expect(refused.error?.name).toBe('ValidationException');
  });

  test('adds numbers of 38 digits exactly', () => {
    table.apply(put({ n: { N: '9'.repeat(37) } }));
    table.apply(add(1));
    expect(table.item({ pk: Key.pk.S, sk: '-' })?.n).toEqual({ N: `1${'0'.repeat(37)}` });
  });

  test('is throttled where a partition key takes more than it can in a second', () => {
    table = new MemoryTable({ tableName: TableName, now: () => nowMs, unitsASecond: 1_000 });
    const burst = Array.from({ length: 1_200 }, () => table.apply(add(1)).outcome);
    expect(burst.filter((outcome) => outcome === 'done')).toHaveLength(1_000);
    expect(
      table.apply({ ...remove, input: { TableName, Key: { ...Key, pk: { S: 'other' } } } }),
    ).toMatchObject({ outcome: 'done' });
    nowMs += 500;
    const later = Array.from({ length: 1_200 }, () => table.apply(add(1)).outcome);
    expect(later.filter((outcome) => outcome === 'done')).toHaveLength(500);
  });
});

describe('the stream', () => {
  test('tells of every change, with both images, in the order of the sequence', () => {
    table.apply(put({ n: { N: '1' } }));
    table.apply(add(2));
    table.apply(remove);
    expect(changes.map(toStreamRecord)).toMatchObject([
      { eventName: 'INSERT', dynamodb: { Keys: Key, NewImage: { n: { N: '1' } } } },
      {
        eventName: 'MODIFY',
        dynamodb: { OldImage: { n: { N: '1' } }, NewImage: { n: { N: '3' } } },
      },
      { eventName: 'REMOVE', dynamodb: { OldImage: { n: { N: '3' } } } },
    ]);
    const sequences = changes.map(({ sequence }) => BigInt(sequence));
    expect(sequences).toEqual(sequences.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(sequences).size).toBe(3);
  });

  test('tells nothing of writes that change nothing or fail', () => {
    table.apply(put({ n: { N: '1' } }));
    table.apply(put({ n: { N: '1.0' } }));
    table.apply(add(0));
    table.apply(add(1, { ConditionExpression: 'attribute_not_exists(n)' }));
    expect(changes).toHaveLength(1);
  });

  test('carries bytes as base64, as events do', () => {
    table.apply(put({ b: { B: Buffer.from('mark') }, l: { L: [{ B: Buffer.from('in') }] } }));
    const [record] = changes.map(toStreamRecord);
    expect(record?.dynamodb?.NewImage).toMatchObject({
      b: { B: 'bWFyaw==' },
      l: { L: [{ B: 'aW4=' }] },
    });
  });

  test('marks what the table removed by itself, when its time was over', () => {
    table.apply(put({ x: { N: String(startMs / 1000 + 60) } }));
    table.expire();
    expect(changes).toHaveLength(1);
    nowMs += 60_000;
    table.expire();
    expect([...table.items()]).toEqual([]);
    expect(changes.map(toStreamRecord).at(-1)).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    });
  });
});

test('an eventually consistent read may see an item as it was one change ago', () => {
  const read = (ConsistentRead: boolean) =>
    table.apply(
      { operation: 'GetItem', input: { TableName, Key, ConsistentRead } },
      { mayBeStale: true },
    );
  table.apply(add(1));
  expect(read(false)).toMatchObject({ answer: {}, readUnits: 0.5 });
  table.apply(add(1));
  expect(read(false).answer.Item?.n).toEqual({ N: '1' });
  expect(read(true)).toMatchObject({ answer: { Item: { n: { N: '2' } } }, readUnits: 1 });
});
