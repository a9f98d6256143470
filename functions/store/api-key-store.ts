/** What API keys may ask of the database. */
import type { Scope } from '../rules/scopes.ts';

export interface ApiKey {
  readonly id: string;
  /** SHA-256 of the secret: 256 random bits need no slow hash. */
  readonly secretHash: Buffer;
  readonly scopes: readonly Scope[];
  /** Requests a minute; undefined for as many as come. */
  readonly callsPerMinute: number | undefined;
  readonly createdAtMs: number;
  /** The day it was last used, `2026-11-21`; undefined if it never was. */
  readonly lastUsedDay: string | undefined;
}

export interface ApiKeyStore {
  find(id: string): Promise<ApiKey | undefined>;
  /** All keys, in the order of their ids. */
  list(): Promise<ApiKey[]>;
  /** @throws if there is a key of that id */
  create(key: Omit<ApiKey, 'lastUsedDay'>): Promise<void>;
  /** @returns whether there was such a key */
  remove(id: string): Promise<boolean>;
  /** Notes that a key was used on a day, unless it is noted, or the key is gone. */
  noteUse(id: string, day: string): Promise<void>;
}
