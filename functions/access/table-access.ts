import type { CounterContext } from '../counters/counter-context.ts';
import type { Counters } from '../counters/counters.ts';
import { type Access, createAccess } from './access.ts';
import { type ApiKeys, createApiKeys } from './api-keys.ts';
import { createCallLimit } from './call-limit.ts';

/** Access by the API keys and the secret in the table. */
export function createTableAccess({
  context: { stores, now },
  counters: { counts, secrets },
  adminKey,
}: {
  context: CounterContext;
  counters: Counters;
  adminKey: string | undefined;
}): { keys: ApiKeys; access: Access } {
  const keys = createApiKeys({ store: stores.apiKeys, now });
  const callLimit = createCallLimit({ counts, now });
  return { keys, access: createAccess({ keys, adminKey, callLimit, secrets, now }) };
}
