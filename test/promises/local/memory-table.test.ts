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
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { WireItem } from '../../../local/memory-table/attribute-values.ts';
import { normalNumber } from '../../../local/memory-table/decimal.ts';
import { MemoryTable } from '../../../local/memory-table/memory-table.ts';
import type { TableAnswer, TableRequest } from '../../../local/memory-table/table-request.ts';
import { createTestTable } from '../../harness/engine/test-table.ts';
import { scanTable } from '../../harness/ledger-delivery.ts';
import { randomRequests } from '../../harness/memory-table/random-requests.ts';

let client: DynamoDBClient;
let tableName: string;

beforeAll(async () => {
  ({ client, tableName } = await createTestTable());
});

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

/** The answers are the same, one by one, with what they cost; and so is what is left in the table. */
async function expectTheSame(requests: readonly TableRequest[]): Promise<void> {
  await emptyTable();
  const table = new MemoryTable({ tableName, now: Date.now });
  for (const request of requests) {
    expect(ofMemory(table, request), JSON.stringify(request)).toEqual(await ofEngine(request));
  }
  const left = await scanTable({ client, tableName });
  const byName = (items: Iterable<WireItem>) =>
    Object.fromEntries([...items].map((item) => [nameOf(item), item]));
  expect(byName(table.items())).toEqual(withNormalNumbers(byName(left)));
}

describe('the table in memory', () => {
  test('answers any calls as DynamoDB Local does, and ends with the same items', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat().chain(() => randomRequests(tableName)),
        expectTheSame,
      ),
      { numRuns: 400 },
    );
  });
});
