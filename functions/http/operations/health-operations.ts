/** HTTP operations on the service itself. */
import type { Health } from '../../store/health.ts';
import type { Operation } from '../operation.ts';
import { inputOf } from '../request-input.ts';
import { json } from '../responses.ts';

export function createHealthOperations(health: Health) {
  const checkHealth: Operation = async (request) => {
    inputOf(request, {});
    await health.checkReachable();
    return json(200, { status: 'ok' });
  };

  return { checkHealth };
}
