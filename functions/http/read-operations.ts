import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import type { Operations } from './answer-request.ts';
import { createCounterOperations } from './counter-operations.ts';
import { json } from './responses.ts';
import { createSettingsOperations } from './settings-operations.ts';

/** What the read function serves. */
export function createReadOperations(context: CounterContext): Operations<'read'> {
  const counters = createCounters(context);
  const { readCounter, readHistory } = createCounterOperations(counters);
  const { readSettings } = createSettingsOperations(counters);
  return {
    readCounter,
    readHistory,
    readSettings,
    checkHealth: async () => {
      await context.store.checkReachable();
      return json(200, { status: 'ok' }, { 'cache-control': 'no-store' });
    },
  };
}
