/** HTTP operations on API keys. */
import type { ApiKeys } from '../../access/api-keys.ts';
import { scopesOf } from '../../access/key-schemas.ts';
import type { TallyConfig } from '../../counters/define-counters.ts';
import { strictObject } from '../../counters/strict-object.ts';
import type { ListedApiKey } from '../../store/api-key-store.ts';
import type { Operation } from '../operation.ts';
import { pageOf } from '../paging.ts';
import { Problem } from '../problem.ts';
import { inputOf } from '../request-input.ts';
import { acceptedOrThrow, asTime, json, noContent } from '../responses.ts';
import { keyBody } from '../schemas/caller-requests.ts';
import { listQuery } from '../schemas/counter-requests.ts';

export function createKeyOperations(keys: ApiKeys, { counters }: Pick<TallyConfig, 'counters'>) {
  const newKey = strictObject({ ...keyBody.entries, scopes: scopesOf(counters) });

  const createKey: Operation = async (request) => {
    const { body } = inputOf(request, {
      body: newKey,
      token: { refusal: 'Every request makes another API key; leave the Idempotency-Key out.' },
    });
    const { scopes, calls_per_minute: callsPerMinute } = body;
    const { id, key } = acceptedOrThrow(await keys.create(scopes, callsPerMinute));
    return json(201, { id, key });
  };

  const listKeys: Operation = async (request) => {
    const { query } = inputOf(request, { query: listQuery });
    const { page, next_cursor } = pageOf(await keys.list(), ({ id }) => id, query);
    return json(200, { keys: page.map(keyJson), next_cursor });
  };

  const revokeKey: Operation = async (request) => {
    const { key: id = '' } = request.params;
    inputOf(request, {});
    if (await keys.revoke(id)) return noContent();
    throw new Problem('unknown_key', 'No API key has this id; it may have been revoked before.');
  };

  return { createKey, listKeys, revokeKey };
}

export const keyJson = (key: ListedApiKey) => ({
  id: key.id,
  scopes: key.scopes,
  calls_per_minute: key.callsPerMinute ?? null,
  created_at: asTime(key.createdAtMs),
  last_used_day: key.lastUsedDay ?? null,
});
