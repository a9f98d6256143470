import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import type { Operations } from './answer-request.ts';
import { createCounterOperations } from './counter-operations.ts';
import { createHttpHandler, type HttpHandler, type Logger } from './http-handler.ts';
import { createMemberOperations } from './member-operations.ts';
import { json } from './responses.ts';
import { createSettingsOperations } from './settings-operations.ts';
import { createTableAccess } from './table-access.ts';
import { createUserOperations } from './user-operations.ts';

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
      await context.store.checkReachable();
      return json(200, { status: 'ok' }, { 'cache-control': 'no-store' });
    },
  };
  return createHttpHandler(operations, { config: context.config, access, logger });
}
