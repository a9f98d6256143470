/** The secret of the deployment: what passes are signed with, and names that nobody may guess. */
export interface SecretStore {
  /**
   * 32 random bytes that all functions of the deployment share; made by the first that needs them.
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  read(): Promise<Buffer>;
}
