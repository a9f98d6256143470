/** What users have seen of the counters they subscribed to. */

export interface Subscription {
  readonly subject: string;
  readonly counter: string;
  /** How much had come in all when the user last looked. */
  readonly seen: bigint;
}

/** @throws (all methods) StoreUnavailableError; those that write also OutcomeUnknownError */
export interface SubscriptionStore {
  /** All subscriptions of a user, in the order of their names; without malformed ones. */
  list(user: string): Promise<Subscription[]>;
  /** Subscribes, unless the user is subscribed already. */
  add(user: string, subscription: Subscription): Promise<void>;
  remove(user: string, subscription: Pick<Subscription, 'subject' | 'counter'>): Promise<void>;
  /**
   * Sets what a user has seen, unless they have seen more meanwhile or are not subscribed any more. A
   * smaller number replaces the listed one only: a count can go down.
   * @param subscription as `list` gave it
   */
  markSeen(user: string, subscription: Subscription, seen: bigint): Promise<void>;
}
