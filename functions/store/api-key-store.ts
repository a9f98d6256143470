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
}

export interface ListedApiKey extends ApiKey {
  /** The last day on which it was used, `2026-11-21`; undefined if it never was, or not for long. */
  readonly lastUsedDay: string | undefined;
}

/** @throws (all methods) StoreUnavailableError; those that write also OutcomeUnknownError */
export interface ApiKeyStore {
  /** @throws also if the key's item is malformed */
  find(id: string): Promise<ApiKey | undefined>;
  /** All keys, in the order of their ids; without malformed ones. */
  list(): Promise<ListedApiKey[]>;
  /** @throws also if there is a key of that id */
  create(key: ApiKey): Promise<void>;
  /** @returns whether there was such a key */
  remove(id: string): Promise<boolean>;
  /**
   * Notes that a key was used on a day; does nothing if that day is noted. It writes no item of a key:
   * where regions meet, the last writer of an item wins, and would bring a revoked key back.
   */
  noteUse(id: string, day: string): Promise<void>;
}
