/** What is remembered of a table's deployments. */
import type { DeploymentRecord } from '../rules/deployments.ts';

export interface StoredDeployments {
  readonly record: DeploymentRecord;
  /** How often the record was written. */
  readonly revision: number;
}

/** @throws (all methods) StoreUnavailableError: writing again is always right */
export interface DeploymentStore {
  /** As it was last written; undefined if the table is new. */
  read(): Promise<StoredDeployments | undefined>;
  /**
   * @param replaces the revision that was read; 0 for none
   * @returns whether that was still the last one; else nothing was written
   */
  write(record: DeploymentRecord, replaces: number): Promise<boolean>;
}
