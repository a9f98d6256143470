import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { createTableIfMissing } from '../../../local/create-table.ts';
import { engineAccess } from './test-engine.ts';

export interface TestTable {
  readonly tableName: string;
  readonly endpoint: string;
  readonly client: DynamoDBClient;
}

export interface TestTableOptions {
  /** The run's engine by default. */
  readonly endpoint?: string;
  /**
   * A second streamed table makes DynamoDB Local far slower for every test in the run. So a test that
   * needs the stream starts its own engine, and passes its endpoint.
   */
  readonly stream?: boolean;
}

/** Makes a table of its own, so that tests need not clean up and can run at the same time. */
export async function createTestTable(options: TestTableOptions = {}): Promise<TestTable> {
  const { endpoint = inject('dynamoEndpoint'), stream = false } = options;
  const client = createTestClient(endpoint);
  const tableName = `test-${randomUUID()}`;
  await createTableIfMissing({ client, tableName, stream });
  return { tableName, endpoint, client };
}

/** Sends one attempt: a test that injects a fault wants to see it, not the SDK's retry. */
export function createTestClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({ endpoint, ...engineAccess, maxAttempts: 1 });
}
