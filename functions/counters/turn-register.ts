/**
 * How registers hand over their memory, and what a function remembers of it: the cut-offs that it saw.
 */
import { LRUCache } from 'lru-cache';
import { limits } from '../rules/limits.ts';
import { type Register, type TurnSizes, turnDue } from '../rules/register.ts';
import type { RegisterKey, RegisterStore } from '../store/register-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

const { firstOfBook, ...sizesOfCell } = limits.registerTurn;
const sizesOfBook: TurnSizes = { ...sizesOfCell, first: firstOfBook };
const sizesOf = (key: RegisterKey): TurnSizes => ('shard' in key ? sizesOfCell : sizesOfBook);

/** A register that may be turned. */
export interface Turnable {
  readonly key: RegisterKey;
  /** When the register expires, in epoch seconds; undefined for one that stays. */
  readonly expiresAt: number | undefined;
  /** How long pages of a register that stays are kept, in ms; those of others expire with it. */
  readonly keepPagesMs: number;
}

export type Turns = ReturnType<typeof createTurns>;

export function createTurns({
  store,
  now,
  turnSizes,
}: {
  store: RegisterStore;
  /** Epoch ms. */
  now: () => number;
  turnSizes?: TurnSizes | undefined;
}) {
  /** The cut-offs that were last seen, so that a clock that is behind makes no claims that are late. */
  const cutOffsMs = new LRUCache<string, number>({ max: limits.rememberedCounters });
  const nameOf = (key: RegisterKey) => JSON.stringify(key);

  function learnCutOff(key: RegisterKey, cutOffMs: number): void {
    const known = cutOffsMs.get(nameOf(key)) ?? 0;
    if (cutOffMs > known) cutOffsMs.set(nameOf(key), cutOffMs);
  }

  /** The time of a claim that is made at a moment for a register. */
  const claimTime = (key: RegisterKey, nowMs: number): number =>
    Math.max(nowMs, cutOffsMs.get(nameOf(key)) ?? 0);

  /** Turns if that is due. The change is counted whether or not it succeeds; the next one who is due will. */
  async function turnIfDue(
    { key, expiresAt, keepPagesMs }: Turnable,
    register: Register,
  ): Promise<void> {
    const turn = turnDue(register, turnSizes ?? sizesOf(key));
    if (!turn) return;
    try {
      // Before they leave the register, so that they are always in one of both.
      const pageExpiresAt = expiresAt ?? Math.ceil((now() + keepPagesMs) / 1000);
      if (turn.page.size > 0) await store.putPage(key, turn, pageExpiresAt);
      await store.cut(key, turn);
      learnCutOff(key, turn.nextCutOffMs);
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError) return;
      throw error;
    }
  }

  return { learnCutOff, claimTime, turnIfDue };
}
