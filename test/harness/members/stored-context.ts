import type { CounterContext } from '../../../functions/counters/counter-context.ts';
import { defineCounters } from '../../../functions/counters/define-counters.ts';
import type { DynamoClients } from '../../../functions/dynamo/dynamo-clients.ts';
import { createDependencies } from '../../../functions/runtime/dependencies.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import { withAnyAmounts } from '../counts/any-amounts.ts';
import type { TestTable } from '../engine/test-table.ts';
import type { TallyOptions } from '../tally-under-test.ts';

/** A function's context, wired as functions do it, on a test's table: for calls that do not go over HTTP. */
export function storedContext(options: {
  table: TestTable;
  counters: TallyOptions['counters'];
  settings?: TallyOptions['settings'];
  now: () => number;
}): { context: CounterContext; clients: DynamoClients } {
  const { table, counters, settings, now } = options;
  // Where the SDK looks for DynamoDB; a test file has one engine.
  process.env.AWS_ENDPOINT_URL_DYNAMODB = table.endpoint;
  const { context, clients } = createDependencies({
    ...process.env,
    [environmentNames.table]: table.tableName,
  });
  return {
    clients,
    context: { ...context, config: defineCounters(withAnyAmounts(counters), settings), now },
  };
}
