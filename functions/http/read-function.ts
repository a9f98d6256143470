import { createTableAccess } from '../access/table-access.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import { createHttpFunction, type HttpHandler, type Logger } from './http-function.ts';
import { operationsOf } from './operation.ts';
import { createCounterOperations } from './operations/counter-operations.ts';
import { createHealthOperations } from './operations/health-operations.ts';
import { createMemberOperations } from './operations/member-operations.ts';
import { createSubjectOperations } from './operations/subject-operations.ts';
import { createUserOperations } from './operations/user-operations.ts';

/** The function that reads. */
export function createReadFunction({
  context,
  adminKey,
  logger,
}: {
  context: CounterContext;
  adminKey: string | undefined;
  logger: Logger;
}): HttpHandler {
  const counters = createCounters(context);
  const { access } = createTableAccess({ context, counters, adminKey });
  const operations = operationsOf('read', {
    ...createCounterOperations(counters),
    ...createHealthOperations(context.stores.health),
    ...createMemberOperations(counters),
    ...createSubjectOperations(counters),
    ...createUserOperations(counters),
  });
  return createHttpFunction(operations, { config: context.config, access, logger });
}
