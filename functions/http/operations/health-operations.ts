/** HTTP operations on the service itself. */
import type { CounterStore } from '../../store/counter-store.ts';
import type { Operation } from '../operation.ts';
import { json } from '../responses.ts';

export function createHealthOperations(store: Pick<CounterStore, 'checkReachable'>) {
  const checkHealth: Operation = async () => {
    await store.checkReachable();
    return json(200, { status: 'ok' });
  };

  return { checkHealth };
}
