/** The secrets of the deployment: what is signed with them, and names that nobody may guess. */
import type { SecretVersions } from '../rules/secret-versions.ts';

export interface Secrets {
  /** Rises with every rotation. */
  readonly revision: number;
  /** Keys the hashes of unique counters. It never changes, since every member would count again. */
  readonly sketchKey: Buffer;
  /** What signs passes and names channels. */
  readonly versions: SecretVersions;
}

export interface SecretStore {
  /**
   * What all functions of the deployment share; made by the first that needs it.
   *
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  read(): Promise<Secrets>;

  /**
   * Replaces the secrets of the revision before.
   *
   * @returns whether they were still the stored ones
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  replace(secrets: Secrets): Promise<boolean>;
}
