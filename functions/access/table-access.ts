import type { CounterContext } from '../counters/counter-context.ts';
import { type Access, createAccess } from './access.ts';
import { type ApiKeys, createApiKeys } from './api-keys.ts';
import { createCallerLimits } from './caller-limits.ts';

/** Access by the API keys and the secret in the table. */
export function createTableAccess({
  context,
  adminKey,
}: {
  context: CounterContext;
  adminKey: string | undefined;
}): { keys: ApiKeys; access: Access } {
  const { stores, now } = context;
  const keys = createApiKeys({ store: stores.apiKeys, now });
  const limits = createCallerLimits({ ...context, store: stores.allowances });
  const secret = () => stores.secret.read();
  return { keys, access: createAccess({ keys, adminKey, limits, secret, now }) };
}
