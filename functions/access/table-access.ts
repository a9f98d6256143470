import type { CounterContext } from '../counters/counter-context.ts';
import type { Counters } from '../counters/counters.ts';
import { type Access, createAccess } from './access.ts';
import { type ApiKeys, createApiKeys } from './api-keys.ts';
import { createCallLimit } from './call-limit.ts';

/** Access by the API keys and the secret in the table. */
export function createTableAccess({
  context,
  counters: { counts },
  adminKey,
}: {
  context: CounterContext;
  counters: Counters;
  adminKey: string | undefined;
}): { keys: ApiKeys; access: Access } {
  const { apiKeyStore, store, now } = context;
  const keys = createApiKeys({ store: apiKeyStore, now });
  const callLimit = createCallLimit({ counts, now });
  const secret = () => store.secret();
  return { keys, access: createAccess({ keys, adminKey, callLimit, secret, now }) };
}
