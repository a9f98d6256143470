/** What live updates may ask of the database: who listens, and who sends. */

export interface WatchKey {
  readonly subject: string;
  readonly counter: string;
  readonly region: string;
}

/** What is known of those who listen to a counter in a region. */
export interface Watch {
  /** Epoch ms until which somebody listens. */
  readonly untilMs: number;
  /** Epoch ms of the last message; undefined if there was none. */
  readonly sentAtMs: number | undefined;
  /** The last step of those who send; undefined if there was none. */
  readonly step: string | undefined;
  /** Whether the function that made this step waits to send what others leave to it. */
  readonly isLeased: boolean;
}

/** One step of those who send. */
export interface WatchStep {
  /** An id that no other step has. */
  readonly id: string;
  /** Only if that is still the last one. */
  readonly after: string | undefined;
  /** Epoch ms of the message that is now sent; undefined for a lease, to send later. */
  readonly sentAtMs: number | undefined;
}

export interface WatchStore {
  /** As it is now. @throws StoreUnavailableError */
  read(key: WatchKey): Promise<Watch | undefined>;

  /**
   * Says that somebody listens.
   * @param untilMs epoch ms
   * @throws StoreUnavailableError, OutcomeUnknownError
   */
  listen(key: WatchKey, untilMs: number): Promise<void>;

  /**
   * Makes a step; at most one of those who saw the same step before gets through.
   *
   * @returns whether it is made, and if not, what is there instead
   * @throws StoreUnavailableError, OutcomeUnknownError
   */
  step(
    key: WatchKey,
    step: WatchStep,
  ): Promise<{ made: true } | { made: false; watch: Watch | undefined }>;
}
