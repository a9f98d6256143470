/** Allowances: what may be taken in a time. rules/allowance.ts has their arithmetic. */

/** That of a counter of the kind `limit`. */
export interface CounterAllowance {
  readonly subject: string;
  readonly counter: string;
  readonly region: string;
}

/** That of somebody who calls Tally. */
export interface CallerAllowance {
  /** The name of one of Tally's own limits. */
  readonly limit: string;
  /** Any text: the store hashes it. */
  readonly caller: string;
  readonly region: string;
}

export type AllowanceKey = CounterAllowance | CallerAllowance;

/** All times in epoch microseconds. */
export interface Take {
  /** What the allowance is taken for: whole, or with something taken already. If it is the other, nothing is done. */
  readonly from: 'whole' | 'taken';
  readonly nowUs: number;
  /** By how much the arrival moves. */
  readonly addUs: number;
  /** From a later arrival than this there is no room. */
  readonly latestUs: number;
  /** Epoch seconds after which the allowance is whole again. */
  readonly expiresAt: number;
}

/** The theoretical arrival behind a call; undefined for an allowance that nothing was taken from. */
export interface Arrival {
  readonly done: boolean;
  readonly arrivalUs: number | undefined;
}

/** @throws (all methods) StoreUnavailableError; those that write also OutcomeUnknownError */
export interface AllowanceStore {
  read(key: AllowanceKey, options: { consistent: boolean }): Promise<number | undefined>;
  /** One conditional update. If it gets no answer it is sent again, and may count twice. */
  take(key: AllowanceKey, take: Take): Promise<Arrival>;
  /** One conditional update, sent once: a second time would give too much. Not done if the allowance is whole. */
  giveBack(
    key: AllowanceKey,
    back: { readonly nowUs: number; readonly subtractUs: number },
  ): Promise<Arrival>;
}
