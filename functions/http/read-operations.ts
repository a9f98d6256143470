import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import type { Operations } from './answer-request.ts';
import { createCounterOperations } from './counter-operations.ts';
import { createMemberOperations } from './member-operations.ts';
import { json } from './responses.ts';
import { createSettingsOperations } from './settings-operations.ts';
import { createUserOperations } from './user-operations.ts';

/** What the read function serves. */
export function createReadOperations(context: CounterContext): Operations<'read'> {
  const counters = createCounters(context);
  const { readCounter, readHistory } = createCounterOperations(counters);
  const { readSettings } = createSettingsOperations(counters);
  return {
    readCounter,
    readHistory,
    readSettings,
    readMember: createMemberOperations(counters).readMember,
    readUnread: createUserOperations(counters).readUnread,
    checkHealth: async () => {
      await context.store.checkReachable();
      return json(200, { status: 'ok' }, { 'cache-control': 'no-store' });
    },
  };
}
