/** What users have seen of the counters they subscribed to. */
import type { Sight } from '../rules/unread.ts';

export interface Subscription {
  readonly subject: string;
  readonly counter: string;
  /** Where the counter stood when the user last looked. */
  readonly seen: Sight;
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
   * smaller count replaces the listed one only, or one from before a reset: a count can go down.
   * @param subscription as `list` gave it
   */
  markSeen(user: string, subscription: Subscription, seen: Sight): Promise<void>;
}
