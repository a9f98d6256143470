/** HTTP operations on API keys, and the passes that are made with them. */

import type { ApiKeys } from '../../access/api-keys.ts';
import { signPass } from '../../access/passes.ts';
import { isWithin } from '../../rules/scopes.ts';
import type { ApiKey } from '../../store/api-key-store.ts';
import type { SecretStore } from '../../store/secret-store.ts';
import type { Operation } from '../answer-request.ts';
import { bodyOf, parseMember } from '../http-request.ts';
import { Problem } from '../problem.ts';
import { asTime, json, noContent } from '../responses.ts';
import { keyBody, passBody } from '../schemas.ts';

const noStore = { 'cache-control': 'no-store' };

export function createKeyOperations({
  keys,
  secret,
  now,
}: {
  keys: ApiKeys;
  secret: SecretStore;
  /** Epoch ms. */
  now: () => number;
}) {
  const createKey: Operation = async (request) => {
    const { scopes, calls_per_minute: callsPerMinute } = bodyOf(request, keyBody);
    const { id, key } = await keys.create(scopes, callsPerMinute);
    return json(201, { id, key }, noStore);
  };

  const listKeys: Operation = async () =>
    json(200, { keys: (await keys.list()).map(keyJson) }, noStore);

  const revokeKey: Operation = async ({ params }) => {
    const { key: id = '' } = params;
    if (await keys.revoke(id)) return noContent(noStore);
    throw new Problem('unknown_key', 'It may have been revoked before.');
  };

  const createPass: Operation = async (request) => {
    const body = bodyOf(request, passBody);
    const scope = { actions: body.actions, subjects: [body.subject], counters: body.counters };
    const caller = await request.access.caller();
    if (caller.member !== undefined || !isWithin(scope, caller.scopes)) {
      throw new Problem('forbidden', 'A pass can give no more than the key that it is made with.');
    }
    const expiresAt = Math.floor(now() / 1000) + body.expires_in_seconds;
    const member = parseMember(body.member);
    const pass = signPass({ member, scope, expiresAt, key: caller.key }, await secret.read());
    return json(201, { pass, expires_at: asTime(expiresAt * 1000) }, noStore);
  };

  return { createKey, listKeys, revokeKey, createPass };
}

const keyJson = (key: ApiKey) => ({
  id: key.id,
  scopes: key.scopes,
  calls_per_minute: key.callsPerMinute ?? null,
  created_at: asTime(key.createdAtMs),
  last_used_day: key.lastUsedDay ?? null,
});
