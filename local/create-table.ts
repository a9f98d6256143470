import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../functions/dynamo/table-definition.ts';

const { partitionKey, sortKey, streamViewType, ttlAttribute } = tableDefinition;
const ACTIVE_DEADLINE_SECONDS = 60;

export interface TableRequest {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** False where nothing reads it: DynamoDB Local slows down badly with a second streamed table. */
  readonly stream: boolean;
}

/**
 * Makes the one table where no stack does: for `npm start` and for tests. Returns once the table is
 * active and expires its items. If a table of that name is not Tally's, it is left alone.
 * @throws Error for people, if the table has other keys or another stream
 */
export async function createTableIfMissing(request: TableRequest): Promise<void> {
  if ((await describe(request)) === undefined) await create(request);
  await waitUntilTableExists(
    { client: request.client, minDelay: 1, maxDelay: 1, maxWaitTime: ACTIVE_DEADLINE_SECONDS },
    { TableName: request.tableName },
  );
  // Described again: another process may have made the table in the meantime.
  checkTable(await describe(request), request);
  await enableExpiry(request);
}

async function describe({
  client,
  tableName,
}: TableRequest): Promise<TableDescription | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    if (Table === undefined) throw new Error('What answers is not DynamoDB.');
    return Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

async function create({ client, tableName, stream }: TableRequest): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: partitionKey, AttributeType: 'S' },
          { AttributeName: sortKey, AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: partitionKey, KeyType: 'HASH' },
          { AttributeName: sortKey, KeyType: 'RANGE' },
        ],
        StreamSpecification: stream
          ? { StreamEnabled: true, StreamViewType: streamViewType }
          : { StreamEnabled: false },
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
}

function checkTable(
  table: TableDescription | undefined,
  { tableName, stream }: TableRequest,
): void {
  const types = new Map(
    table?.AttributeDefinitions?.map((it) => [it.AttributeName, it.AttributeType]),
  );
  const keys = (table?.KeySchema ?? [])
    .map((key) => `${key.KeyType} ${key.AttributeName} (${types.get(key.AttributeName)})`)
    .join(', ');
  const expectedKeys = `HASH ${partitionKey} (S), RANGE ${sortKey} (S)`;
  if (keys !== expectedKeys) {
    throw new Error(
      `The table ${tableName} exists with other keys: ${keys} instead of ${expectedKeys}.`,
    );
  }
  const viewType = table?.StreamSpecification?.StreamViewType;
  if (stream && viewType !== streamViewType) {
    throw new Error(
      `The table ${tableName} exists with ${viewType === undefined ? 'no stream' : `the stream view ${viewType}`}; ` +
        `Tally needs ${streamViewType}.`,
    );
  }
}

/** Enabling it twice is refused, also if another process did it a moment ago. */
async function enableExpiry(request: TableRequest): Promise<void> {
  if (await expires(request)) return;
  try {
    await request.client.send(
      new UpdateTimeToLiveCommand({
        TableName: request.tableName,
        TimeToLiveSpecification: { Enabled: true, AttributeName: ttlAttribute },
      }),
    );
  } catch (error) {
    if (!(await expires(request))) throw error;
  }
}

async function expires({ client, tableName }: TableRequest): Promise<boolean> {
  const command = new DescribeTimeToLiveCommand({ TableName: tableName });
  const status = (await client.send(command)).TimeToLiveDescription?.TimeToLiveStatus;
  return status === 'ENABLED' || status === 'ENABLING';
}
