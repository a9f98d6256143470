/** HTTP operations on API keys. */
import type { ApiKeys } from '../../access/api-keys.ts';
import type { ListedApiKey } from '../../store/api-key-store.ts';
import { bodyOf } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';
import { acceptedOrThrow, asTime, json, noContent } from '../responses.ts';
import { keyBody } from '../schemas.ts';

export function createKeyOperations(keys: ApiKeys) {
  const createKey: Operation = async (request) => {
    const { scopes, calls_per_minute: callsPerMinute } = bodyOf(request, keyBody);
    const { id, key } = acceptedOrThrow(await keys.create(scopes, callsPerMinute));
    return json(201, { id, key });
  };

  const listKeys: Operation = async () => json(200, { keys: (await keys.list()).map(keyJson) });

  const revokeKey: Operation = async ({ params: { key: id = '' } }) => {
    if (await keys.revoke(id)) return noContent();
    throw new Problem('unknown_key', 'No API key has this id; it may have been revoked before.');
  };

  return { createKey, listKeys, revokeKey };
}

const keyJson = (key: ListedApiKey) => ({
  id: key.id,
  scopes: key.scopes,
  calls_per_minute: key.callsPerMinute ?? null,
  created_at: asTime(key.createdAtMs),
  last_used_day: key.lastUsedDay ?? null,
});
