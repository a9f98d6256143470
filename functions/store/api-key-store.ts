/** The API keys of the deployment. */
import type { Scope } from '../rules/scopes.ts';

export interface ApiKey {
  readonly id: string;
  /** SHA-256 of the secret: 256 random bits need no slow hash. */
  readonly secretHash: Buffer;
  readonly scopes: readonly Scope[];
  /** Requests a minute; undefined for no limit. */
  readonly callsPerMinute: number | undefined;
  readonly createdAtMs: number;
  /** The last day on which it was used, `2026-11-21`; undefined if it never was. */
  readonly lastUsedDay: string | undefined;
}

/** @throws (all methods) StoreUnavailableError; those that write also OutcomeUnknownError */
export interface ApiKeyStore {
  /** @throws also if the key's item is malformed */
  find(id: string): Promise<ApiKey | undefined>;
  /** All keys, in the order of their ids; without malformed ones. */
  list(): Promise<ApiKey[]>;
  /** @throws also if there is a key of that id */
  create(key: Omit<ApiKey, 'lastUsedDay'>): Promise<void>;
  /** @returns whether there was such a key */
  remove(id: string): Promise<boolean>;
  /** Notes that a key was used on a day; does nothing if that day is noted, or the key is gone. */
  noteUse(id: string, day: string): Promise<void>;
}
