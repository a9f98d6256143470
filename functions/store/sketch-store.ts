/** The sketches of unique counters. */
import type { Registers, RegisterValue } from '../rules/hyperloglog.ts';

export interface SketchKey {
  readonly subject: string;
  readonly counter: string;
  readonly region: string;
  readonly window: string;
}

/** @throws (all methods) StoreUnavailableError; `raise` also OutcomeUnknownError */
export interface SketchStore {
  /**
   * Raises one register, unless it is that high already.
   *
   * @param expiresAt epoch seconds; undefined for a sketch that stays
   * @returns whether it was raised, and the registers of its block as they are now
   */
  raise(
    key: SketchKey,
    register: RegisterValue,
    expiresAt: number | undefined,
  ): Promise<{ raised: boolean; registers: Registers }>;

  /** All registers of each sketch, in the order of the keys; 0 where none was raised or it has expired. */
  readSketches(
    keys: readonly SketchKey[],
    options: { consistent: boolean; nowMs: number },
  ): Promise<Registers[]>;
}
