/** What unread badges may ask of the database. */

export interface Subscription {
  readonly subject: string;
  readonly counter: string;
  /** How much had come in all when the user last looked. */
  readonly seen: bigint;
}

export interface SubscriptionStore {
  /** All subscriptions of a user, in the order of their names. */
  list(user: string): Promise<Subscription[]>;
  /** Subscribes, unless the user is subscribed already. */
  add(user: string, subscription: Subscription): Promise<void>;
  remove(user: string, subscription: Pick<Subscription, 'subject' | 'counter'>): Promise<void>;
  /**
   * Sets what a user has seen, unless it has seen more since, or is not subscribed any more. Less than
   * before is set if nothing was since: a count can go down.
   * @param subscription as it was listed
   */
  markSeen(user: string, subscription: Subscription, seen: bigint): Promise<void>;
}
