/**
 * The secrets of the deployment as a function remembers them. They are read again after a while,
 * because an operator may rotate them; see rules/secret-versions.ts.
 */
import { limits } from '../rules/limits.ts';
import {
  acceptedVersion,
  type SecretVersion,
  type SecretVersions,
  signingVersion,
  versionsInUse,
} from '../rules/secret-versions.ts';
import type { SecretStore, Secrets as StoredSecrets } from '../store/secret-store.ts';
import type { CounterContext } from './counter-context.ts';

/** The versions at one moment. */
export interface SecretsNow {
  /** The one that signs. */
  readonly signing: SecretVersion;
  /** Ids above have never been. */
  readonly newestId: number;
  /** @returns undefined for one that has ended, or never was */
  accepted(id: number): SecretVersion | undefined;
  /** Those that were signing at some time in the last `seconds`. */
  inUseFor(seconds: number): SecretVersion[];
}

/** @throws (all methods) OutcomeUnknownError, StoreUnavailableError */
export interface Secrets {
  now(): Promise<SecretsNow>;
  sketchKey(): Promise<Buffer>;
}

export function createSecrets({
  store,
  now,
}: { store: Pick<SecretStore, 'read'> } & Pick<CounterContext, 'now'>): Secrets {
  let memory: { secrets: Promise<StoredSecrets>; readAtMs: number } | undefined;

  function read(): Promise<StoredSecrets> {
    const maxAgeMs = limits.secretCacheSeconds * 1000;
    if (memory && now() - memory.readAtMs < maxAgeMs) return memory.secrets;
    const secrets = store.read();
    const reading = { secrets, readAtMs: now() };
    memory = reading;
    secrets.catch(() => {
      if (memory === reading) memory = undefined;
    });
    return secrets;
  }

  return {
    async now() {
      return secretsAt((await read()).versions, now());
    },

    async sketchKey() {
      return (await read()).sketchKey;
    },
  };
}

export function secretsAt(versions: SecretVersions, nowMs: number): SecretsNow {
  return {
    signing: signingVersion(versions, nowMs),
    newestId: Math.max(...versions.map(({ id }) => id)),
    accepted: (id) => acceptedVersion(versions, id, nowMs),
    inUseFor: (seconds) => versionsInUse(versions, { sinceMs: nowMs - seconds * 1000, nowMs }),
  };
}
