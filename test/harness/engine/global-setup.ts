import type { TestProject } from 'vitest/node';
import { startEngine } from '../../../local/engine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The endpoint of the run's DynamoDB engine. Its tables have no streams; see `test-table.ts`. */
    dynamoEndpoint: string;
  }
}

/** One engine for the whole run, in memory; or the one that the SDK's own variable names. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  if (given) {
    project.provide('dynamoEndpoint', given);
    return async () => {};
  }
  const engine = await startEngine({ dataFolder: 'memory' });
  project.provide('dynamoEndpoint', engine.endpoint);
  return () => engine.stop();
}
