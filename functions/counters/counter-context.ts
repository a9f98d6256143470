import type { ApiKeyStore } from '../store/api-key-store.ts';
import type { CounterStore } from '../store/counter-store.ts';
import type { MemberStore } from '../store/member-store.ts';
import type { SketchStore } from '../store/sketch-store.ts';
import type { SubscriptionStore } from '../store/subscription-store.ts';
import type { TicketStore } from '../store/ticket-store.ts';
import type { TallyConfig } from './define-counters.ts';

/** What every counter needs from outside: time and chance come in here, so that tests own them. */
export interface CounterContext {
  readonly config: TallyConfig;
  readonly store: CounterStore;
  readonly ticketStore: TicketStore;
  readonly apiKeyStore: ApiKeyStore;
  readonly memberStore: MemberStore;
  readonly sketchStore: SketchStore;
  readonly subscriptionStore: SubscriptionStore;
  /** This region, and all regions that hold a replica of the table. */
  readonly region: string;
  readonly regions: readonly string[];
  /** Epoch ms. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** A token nobody else has, for a change whose caller sent none. */
  readonly newToken: () => string;
  /** Resolves after that many ms. */
  readonly pause: (ms: number) => Promise<unknown>;
}
