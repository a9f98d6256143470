import {
  type AttributeValue,
  BatchGetItemCommand,
  type ConsumedCapacity,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../../local/engine.ts';
import type { WireItem } from '../../../local/memory-table/attribute-values.ts';
import { normalNumber } from '../../../local/memory-table/decimal.ts';
import { MemoryTable } from '../../../local/memory-table/memory-table.ts';
import { type TableChange, toStreamRecord } from '../../../local/memory-table/stream-record.ts';
import type { TableAnswer, TableRequest } from '../../../local/memory-table/table-request.ts';
import { startTestEngine } from '../../harness/engine/test-engine.ts';
import { createTestTable } from '../../harness/engine/test-table.ts';
import { scanTable } from '../../harness/ledger-delivery.ts';
import { openTableStream, type TableStream } from '../../harness/members/table-stream.ts';
import { randomRequests } from '../../harness/memory-table/random-requests.ts';

let engine: Engine;
let client: DynamoDBClient;
let tableName: string;
let stream: TableStream;

// An engine of its own, since a second streamed table would make the others' slow.
beforeAll(async () => {
  engine = await startTestEngine({ dataFolder: 'memory' });
  const { endpoint } = engine;
  ({ client, tableName } = await createTestTable({ endpoint, stream: true }));
  const handler = async () => {};
  stream = await openTableStream({
    endpoint,
    tableName,
    now: Date.now,
    handler,
    redelivers: false,
  });
});

afterAll(() => engine.stop());

type Outcome =
  | { readonly answer: object; readonly units: number | undefined }
  | { readonly error: string; readonly item: unknown };

type EngineAnswer = TableAnswer & {
  readonly $metadata?: unknown;
  readonly ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] | undefined;
};

function send(request: TableRequest): Promise<EngineAnswer> {
  const how = { ReturnConsumedCapacity: 'TOTAL' } as const;
  switch (request.operation) {
    case 'PutItem':
      return client.send(new PutItemCommand({ ...request.input, ...how }));
    case 'UpdateItem':
      return client.send(new UpdateItemCommand({ ...request.input, ...how }));
    case 'DeleteItem':
      return client.send(new DeleteItemCommand({ ...request.input, ...how }));
    case 'GetItem':
      return client.send(new GetItemCommand({ ...request.input, ...how }));
    case 'BatchGetItem':
      return client.send(new BatchGetItemCommand({ ...request.input, ...how }));
    case 'Query':
      return client.send(new QueryCommand({ ...request.input, ...how }));
  }
}

async function ofEngine(request: TableRequest): Promise<Outcome> {
  try {
    const { ConsumedCapacity, ...answer } = await send(request);
    const units = [ConsumedCapacity ?? []]
      .flat()
      .reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
    return { answer: comparable(answer), units: hasTrueUnits(request) ? units : undefined };
  } catch (error) {
    return failure(error as Error);
  }
}

function ofMemory(table: MemoryTable, request: TableRequest): Outcome {
  const { answer, error, writeUnits, readUnits } = table.apply(request);
  const units = hasTrueUnits(request) ? writeUnits + readUnits : undefined;
  return error ? failure(error) : { answer: comparable(answer), units };
}

/** AWS charges for queries and batches that find nothing, the engine does not. */
const hasTrueUnits = ({ operation }: TableRequest): boolean =>
  operation !== 'Query' && operation !== 'BatchGetItem';

/** What an answer says, without what is about the call; a batch comes in any order. */
function comparable(answer: EngineAnswer): object {
  const { $metadata: _, Responses, UnprocessedKeys: __, ...rest } = answer;
  const items = Responses?.[tableName]?.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return withNormalNumbers({ ...rest, ...(items ? { items } : {}) });
}

/** AWS trims zeros at the end of a fraction, the engine does not. */
function withNormalNumbers<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withNormalNumbers) as T;
  const entries = Object.entries(value).map(([name, it]) =>
    name === 'N' && typeof it === 'string'
      ? [name, normalNumber(it)]
      : [name, withNormalNumbers(it)],
  );
  return Object.fromEntries(entries) as T;
}

const failure = (error: Error & { Item?: unknown }): Outcome => ({
  error: error.name,
  item: withNormalNumbers(error.Item),
});

const nameOf = ({ pk, sk }: WireItem): string => `${pk?.S} ${sk?.S}`;

async function emptyTable(): Promise<void> {
  for (const { pk, sk } of await scanTable({ client, tableName })) {
    const Key = { pk, sk } as Record<string, AttributeValue>;
    await client.send(new DeleteItemCommand({ TableName: tableName, Key }));
  }
}

const told = ({ eventName, dynamodb: { Keys, OldImage, NewImage } = {} }: DynamoDBRecord) =>
  withNormalNumbers({ eventName, Keys, OldImage, NewImage });

/** What the engine's stream has told since it had told so much. */
async function toldByEngine(from: number): Promise<object[]> {
  await stream.deliver();
  return stream.records.slice(from).map(told);
}

/** The answers are the same, one by one, with what they cost; and so are the stream and what is left. */
async function expectTheSame(requests: readonly TableRequest[]): Promise<void> {
  await emptyTable();
  await stream.deliver();
  const toldBefore = stream.records.length;
  const table = new MemoryTable({ tableName, now: Date.now });
  const changes: TableChange[] = [];
  table.onChange((change) => changes.push(change));
  for (const request of requests) {
    expect(ofMemory(table, request), JSON.stringify(request)).toEqual(await ofEngine(request));
  }
  expect(changes.map((change) => told(toStreamRecord(change)))).toEqual(
    await toldByEngine(toldBefore),
  );
  const left = await scanTable({ client, tableName });
  const byName = (items: Iterable<WireItem>) =>
    Object.fromEntries([...items].map((item) => [nameOf(item), item]));
  expect(byName(table.items())).toEqual(withNormalNumbers(byName(left)));
}

describe('the table in memory', () => {
  test('answers any calls as DynamoDB Local does, with the same stream and the same items in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat().chain(() => randomRequests(tableName)),
        expectTheSame,
      ),
      { numRuns: 200 },
    );
  });
});
