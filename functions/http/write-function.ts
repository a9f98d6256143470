import { createTableAccess } from '../access/table-access.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import type { LiveEndpoints } from '../runtime/environment.ts';
import type { Operations } from './answer-request.ts';
import { createHttpFunction, type HttpHandler, type Logger } from './http-function.ts';
import { createBatchOperations } from './operations/batch-operations.ts';
import { createCounterOperations } from './operations/counter-operations.ts';
import { createKeyOperations } from './operations/key-operations.ts';
import { createLiveOperations } from './operations/live-operations.ts';
import { createMemberOperations } from './operations/member-operations.ts';
import { createSettingsOperations } from './operations/settings-operations.ts';
import { createUserOperations } from './operations/user-operations.ts';

/** The function that writes. */
export function createWriteFunction({
  context,
  adminKey,
  live,
  logger,
}: {
  context: CounterContext;
  adminKey: string | undefined;
  live: LiveEndpoints;
  logger: Logger;
}): HttpHandler {
  const counters = createCounters(context);
  const { access, keys } = createTableAccess({ context, counters, adminKey });
  const { changeCounter, resetCounter, drawTicket } = createCounterOperations(counters);
  const { setMember, removeMember, leave } = createMemberOperations(counters);
  const { markRead, subscribe, unsubscribe } = createUserOperations(counters);
  const operations: Operations<'write'> = {
    changeCounter,
    resetCounter,
    drawTicket,
    changeSettings: createSettingsOperations(counters).changeSettings,
    setMember,
    removeMember,
    leave,
    markRead,
    subscribe,
    unsubscribe,
    findLiveUpdates: createLiveOperations(counters, live).findLiveUpdates,
    runBatch: createBatchOperations(counters).runBatch,
    ...createKeyOperations({ keys, secret: context.stores.secret, now: context.now }),
  };
  return createHttpFunction(operations, { config: context.config, access, logger });
}
