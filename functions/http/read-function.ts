import { createTableAccess } from '../access/table-access.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import type { Operations } from './answer-request.ts';
import { createHttpFunction, type HttpHandler, type Logger } from './http-function.ts';
import { createCounterOperations } from './operations/counter-operations.ts';
import { createMemberOperations } from './operations/member-operations.ts';
import { createSettingsOperations } from './operations/settings-operations.ts';
import { createUserOperations } from './operations/user-operations.ts';
import { json } from './responses.ts';

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
  const { readCounter, readHistory } = createCounterOperations(counters);
  const operations: Operations<'read'> = {
    readCounter,
    readHistory,
    readSettings: createSettingsOperations(counters).readSettings,
    readMember: createMemberOperations(counters).readMember,
    readUnread: createUserOperations(counters).readUnread,
    checkHealth: async () => {
      await context.stores.health.checkReachable();
      return json(200, { status: 'ok' }, { 'cache-control': 'no-store' });
    },
  };
  return createHttpFunction(operations, { config: context.config, access, logger });
}
