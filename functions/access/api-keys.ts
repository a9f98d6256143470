/** API keys: `tally_<id>_<secret>`. The secret is shown once; the table holds its hash. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Problem } from '../http/problem.ts';
import { limits } from '../rules/limits.ts';
import type { Scope } from '../rules/scopes.ts';
import type { ApiKey, ApiKeyStore } from '../store/api-key-store.ts';

const keyPattern = /^tally_([A-Za-z0-9]{1,32})_([A-Za-z0-9_-]{20,128})$/;
const idPattern = /^[A-Za-z0-9]{1,32}$/;

export interface NewKey {
  readonly id: string;
  /** The whole key, with its secret: nobody can show it again. */
  readonly key: string;
}

export interface ApiKeys {
  /** The key that this text is; undefined if it is none, or revoked (seen within a minute). */
  verify(text: string): Promise<Pick<ApiKey, 'id' | 'scopes' | 'callsPerMinute'> | undefined>;
  /** @throws Problem too_many_keys */
  create(scopes: readonly Scope[], callsPerMinute: number | undefined): Promise<NewKey>;
  list(): Promise<ApiKey[]>;
  /** @returns whether there was such a key */
  revoke(id: string): Promise<boolean>;
}

/**
 * @param now epoch ms
 * @throws (all methods) StoreUnavailableError, OutcomeUnknownError
 */
export function createApiKeys({ store, now }: { store: ApiKeyStore; now: () => number }): ApiKeys {
  type LookUp<Found> = { readonly key: Found; readonly atMs: number };
  /** Keys looked up lately. */
  const found = new LRUCache<string, LookUp<ApiKey>>({ max: limits.rememberedKeys });
  /** Ids of no key, apart from the keys, so that guesses can push none of these out. */
  const missed = new LRUCache<string, LookUp<undefined>>({ max: limits.rememberedGuesses });

  async function lookUp(id: string): Promise<ApiKey | undefined> {
    const memory = found.get(id) ?? missed.get(id);
    if (memory && now() - memory.atMs < limits.keyCacheSeconds * 1000) return memory.key;
    const atMs = now();
    const key = await store.find(id);
    if (key) {
      found.set(id, { key, atMs });
    } else {
      found.delete(id);
      missed.set(id, { key, atMs });
    }
    return key;
  }

  /**
   * One write a day and key, and function: `lastUsedDay` in memory is as old as the look-up. A day
   * that cannot be noted is no reason to refuse a request.
   */
  async function noteUse(key: ApiKey): Promise<void> {
    const day = new Date(now()).toISOString().slice(0, 10);
    if ((key.lastUsedDay ?? '') >= day) return;
    const memory = found.get(key.id);
    if (memory) found.set(key.id, { ...memory, key: { ...key, lastUsedDay: day } });
    await store.noteUse(key.id, day).catch(() => {});
  }

  return {
    async verify(text) {
      const [, id, secret] = keyPattern.exec(text) ?? [];
      if (id === undefined || secret === undefined) return undefined;
      const key = await lookUp(id);
      // Compared by digest: of equal length, and in a time that tells nothing of the secret.
      if (!key || !timingSafeEqual(hashSecret(secret), key.secretHash)) return undefined;
      await noteUse(key);
      return key;
    },

    async create(scopes, callsPerMinute) {
      if ((await store.list()).length >= limits.apiKeys) {
        throw new Problem('too_many_keys', `There are ${limits.apiKeys} keys; revoke some.`);
      }
      const id = randomBytes(8).toString('hex');
      const secret = randomBytes(32).toString('base64url');
      const secretHash = hashSecret(secret);
      await store.create({ id, secretHash, scopes, callsPerMinute, createdAtMs: now() });
      return { id, key: `tally_${id}_${secret}` };
    },

    list: () => store.list(),

    async revoke(id) {
      if (!idPattern.test(id)) return false;
      found.delete(id);
      return store.remove(id);
    },
  };
}

/** The id of a key that somebody has at hand as a whole; any other text is taken for an id. */
export const idOf = (text: string): string => keyPattern.exec(text)?.[1] ?? text;

const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();
