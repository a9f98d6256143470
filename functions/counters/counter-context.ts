import type { Stores } from '../store/stores.ts';
import type { TallyConfig } from './define-counters.ts';

/**
 * What all counters need from outside; each takes its part of it. Time and chance come in here, so
 * that tests own them.
 */
export interface CounterContext {
  readonly config: TallyConfig;
  readonly stores: Stores;
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
