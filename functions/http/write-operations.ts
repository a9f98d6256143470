import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import type { LiveEndpoints } from '../runtime/environment.ts';
import type { Operations } from './answer-request.ts';
import { createBatchOperations } from './batch-operations.ts';
import { createCounterOperations } from './counter-operations.ts';
import { createLiveOperations } from './live-operations.ts';
import { createMemberOperations } from './member-operations.ts';
import { createSettingsOperations } from './settings-operations.ts';
import { createUserOperations } from './user-operations.ts';

/** What the write function serves. */
export function createWriteOperations(
  context: CounterContext,
  endpoints: LiveEndpoints,
): Operations<'write'> {
  const counters = createCounters(context);
  const { changeCounter, resetCounter, drawTicket } = createCounterOperations(counters);
  const { changeSettings } = createSettingsOperations(counters);
  const { findLiveUpdates } = createLiveOperations(counters, endpoints);
  const { runBatch } = createBatchOperations(counters);
  const { setMember, removeMember, leave } = createMemberOperations(counters);
  const { markRead, subscribe, unsubscribe } = createUserOperations(counters);
  return {
    changeCounter,
    resetCounter,
    drawTicket,
    changeSettings,
    setMember,
    removeMember,
    leave,
    markRead,
    subscribe,
    unsubscribe,
    findLiveUpdates,
    runBatch,
  };
}
