import type { TestProject } from 'vitest/node';
import { startTestEngine } from './test-engine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The endpoint of the run's DynamoDB engine. Its tables have no streams; see `test-table.ts`. */
    dynamoEndpoint: string;
  }
}

/** One engine in memory for the whole run, or the one that the SDK's variable names. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  if (endpoint) {
    project.provide('dynamoEndpoint', endpoint);
    return async () => {};
  }
  const engine = await startTestEngine({ dataFolder: 'memory' });
  project.provide('dynamoEndpoint', engine.endpoint);
  return () => engine.stop();
}
