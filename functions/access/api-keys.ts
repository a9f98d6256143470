/** API keys: `tally_<id>_<secret>`. The secret is shown once; the table holds its hash. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Refusal, refuse } from '../counters/refusals.ts';
import { limits } from '../rules/limits.ts';
import type { Scope } from '../rules/scopes.ts';
import type { ApiKey, ApiKeyStore, ListedApiKey } from '../store/api-key-store.ts';

const keyPattern = /^tally_([A-Za-z0-9]{1,32})_([A-Za-z0-9_-]{20,128})$/;
const idPattern = /^[A-Za-z0-9]{1,32}$/;

export interface NewKey {
  readonly ok: true;
  readonly id: string;
  /** The whole key, with its secret, which cannot be shown again. */
  readonly key: string;
}

export interface ApiKeys {
  /** @returns undefined if the text is not a key, or a revoked one (noticed within a minute) */
  verify(text: string): Promise<Pick<ApiKey, 'id' | 'scopes' | 'callsPerMinute'> | undefined>;
  create(
    scopes: readonly Scope[],
    callsPerMinute: number | undefined,
  ): Promise<NewKey | Refusal<'too_many_keys'>>;
  list(): Promise<ListedApiKey[]>;
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
  /** Ids without a key. They are kept apart, so that guesses never push a key out of memory. */
  const missed = new LRUCache<string, LookUp<undefined>>({ max: limits.rememberedGuesses });
  /** The last day that was noted, by the id of a key. */
  const notedDays = new LRUCache<string, string>({ max: limits.rememberedKeys });

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
   * Writes once per key, day and container. A failure is ignored, because it is not a reason to refuse
   * a request.
   */
  async function noteUse(id: string): Promise<void> {
    const day = new Date(now()).toISOString().slice(0, 10);
    if ((notedDays.get(id) ?? '') >= day) return;
    notedDays.set(id, day);
    await store.noteUse(id, day).catch(() => {});
  }

  return {
    async verify(text) {
      const [, id, secret] = keyPattern.exec(text) ?? [];
      if (id === undefined || secret === undefined) return undefined;
      const key = await lookUp(id);
      // Digests have one length and are compared in constant time, so timing reveals nothing.
      if (!key || !timingSafeEqual(hashSecret(secret), key.secretHash)) return undefined;
      await noteUse(key.id);
      return key;
    },

    async create(scopes, callsPerMinute) {
      if ((await store.list()).length >= limits.apiKeys) {
        return refuse('too_many_keys', `There are ${limits.apiKeys} API keys; revoke some.`);
      }
      const id = randomBytes(8).toString('hex');
      const secret = randomBytes(32).toString('base64url');
      const secretHash = hashSecret(secret);
      await store.create({ id, secretHash, scopes, callsPerMinute, createdAtMs: now() });
      return { ok: true, id, key: `tally_${id}_${secret}` };
    },

    list: () => store.list(),

    async revoke(id) {
      if (!idPattern.test(id)) return false;
      found.delete(id);
      return store.remove(id);
    },
  };
}

/** The id in a whole key; any other text is taken for an id itself. */
export const idOf = (text: string): string => keyPattern.exec(text)?.[1] ?? text;

const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();
