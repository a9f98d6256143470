import type { CounterContext } from '../counters/counter-context.ts';
import type { Counters } from '../counters/counters.ts';
import { type Access, createAccess } from './access.ts';
import { type ApiKeys, createApiKeys } from './api-keys.ts';
import { type CallerLimits, createCallerLimits } from './caller-limits.ts';

/** Access by the API keys and the secret in the table. */
export function createTableAccess({
  context,
  counters: { secrets },
  adminKey,
}: {
  context: CounterContext;
  counters: Pick<Counters, 'secrets'>;
  adminKey: string | undefined;
}): { keys: ApiKeys; limits: CallerLimits; access: Access } {
  const { stores, now } = context;
  const keys = createApiKeys({ store: stores.apiKeys, now });
  const limits = createCallerLimits({ ...context, store: stores.allowances });
  return { keys, limits, access: createAccess({ keys, adminKey, limits, secrets, now }) };
}
