import { createTableAccess } from '../access/table-access.ts';
import { createTableVisitors } from '../access/table-visitors.ts';
import type { ChallengeEnvironment } from '../counters/challenge-environment.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import type { LiveEndpoints } from '../counters/live-endpoints.ts';
import { createHttpFunction, type HttpHandler, type Logger } from './http-function.ts';
import { operationsOf } from './operation.ts';
import { createBatchOperations } from './operations/batch-operations.ts';
import { createCounterOperations } from './operations/counter-operations.ts';
import { createKeyOperations } from './operations/key-operations.ts';
import { createLimitOperations } from './operations/limit-operations.ts';
import { createLiveOperations } from './operations/live-operations.ts';
import { createMemberOperations } from './operations/member-operations.ts';
import { createPassOperations } from './operations/pass-operations.ts';
import { createSubjectOperations } from './operations/subject-operations.ts';
import { createTicketOperations } from './operations/ticket-operations.ts';
import { createUserOperations } from './operations/user-operations.ts';
import { createVisitorOperations } from './operations/visitor-operations.ts';

/** The function that writes. */
export function createWriteFunction({
  context,
  adminKey,
  live,
  challenge = {},
  logger,
}: {
  context: CounterContext;
  adminKey: string | undefined;
  live: LiveEndpoints;
  challenge?: ChallengeEnvironment;
  logger: Logger;
}): HttpHandler {
  const counters = createCounters(context);
  const { access, keys, limits } = createTableAccess({ context, counters, adminKey });
  const visitors = createTableVisitors({ context, counters, limits, environment: challenge });
  const operations = operationsOf('write', {
    ...createBatchOperations(counters),
    ...createCounterOperations(counters),
    ...createKeyOperations(keys, context.config),
    ...createLimitOperations(counters),
    ...createLiveOperations(counters, live),
    ...createMemberOperations(counters),
    ...createPassOperations(counters, context),
    ...createSubjectOperations(counters),
    ...createTicketOperations(counters),
    ...createUserOperations(counters),
    ...createVisitorOperations(visitors),
  });
  return createHttpFunction(operations, { config: context.config, access, logger });
}
