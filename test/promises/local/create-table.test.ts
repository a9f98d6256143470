import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, inject, test } from 'vitest';
import { createTableIfMissing } from '../../../local/create-table.ts';
import { createTestClient, createTestTable } from '../../harness/engine/test-table.ts';

test('a new table expires its items', async () => {
  const { client, tableName } = await createTestTable();
  const { TimeToLiveDescription } = await client.send(
    new DescribeTimeToLiveCommand({ TableName: tableName }),
  );
  expect(TimeToLiveDescription).toEqual({ AttributeName: 'x', TimeToLiveStatus: 'ENABLED' });
});

test('a table that is already there is left as it is', async () => {
  const { client, tableName } = await createTestTable();
  const Item = { pk: { S: 'a' }, sk: { S: '-' } };
  await client.send(new PutItemCommand({ TableName: tableName, Item }));
  const describe = async () => [
    (await client.send(new DescribeTableCommand({ TableName: tableName }))).Table,
    (await client.send(new ScanCommand({ TableName: tableName }))).Items,
  ];
  const before = await describe();
  await createTableIfMissing({ client, tableName, stream: false });
  expect(await describe()).toEqual(before);
});

test('processes that start together end up with one table', async () => {
  const client = createTestClient(inject('dynamoEndpoint'));
  const tableName = `test-${crypto.randomUUID()}`;
  const creations = Array.from({ length: 4 }, () =>
    createTableIfMissing({ client, tableName, stream: false }),
  );
  await expect(Promise.all(creations)).resolves.toHaveLength(4);
});

test('a table with other keys is refused', async () => {
  const client = createTestClient(inject('dynamoEndpoint'));
  const tableName = `test-${crypto.randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await expect(createTableIfMissing({ client, tableName, stream: false })).rejects.toThrow(
    `The table ${tableName} exists with other keys: HASH id (N) instead of HASH pk (S), RANGE sk (S).`,
  );
});

test('a table without the stream that is asked for is refused', async () => {
  const { client, tableName } = await createTestTable();
  await expect(createTableIfMissing({ client, tableName, stream: true })).rejects.toThrow(
    'exists with no stream',
  );
});
