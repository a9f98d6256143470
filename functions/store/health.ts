/** Whether the table can be used at all. */
export interface Health {
  /** Resolves if the table can be read. @throws StoreUnavailableError */
  checkReachable(): Promise<void>;
}
