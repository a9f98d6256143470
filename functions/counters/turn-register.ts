/**
 * How registers hand over their memory, and what a function remembers of it: the cut-offs that it saw.
 */
import { LRUCache } from 'lru-cache';
import { retryPauseMs } from '../rules/backoff.ts';
import { limits } from '../rules/limits.ts';
import {
  isTurnDue,
  planTurn,
  type Register,
  type Turn,
  type TurnSizes,
} from '../rules/register.ts';
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
  random,
  pause,
  turnSizes,
}: {
  store: RegisterStore;
  /** Epoch ms. */
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  pause: (ms: number) => Promise<unknown>;
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

  /** @returns whether the turn is over: done here, or by another writer meanwhile */
  async function tryTurn({ key, expiresAt, keepPagesMs }: Turnable, turn: Turn): Promise<boolean> {
    try {
      // Before they leave the register, so that they are always in one of both.
      const pageExpiresAt = expiresAt ?? Math.ceil((now() + keepPagesMs) / 1000);
      if (turn.page.size > 0) await store.putPage(key, turn, pageExpiresAt);
      await store.cut(key, turn);
      learnCutOff(key, turn.nextCutOffMs);
      return true;
    } catch (error) {
      return notDone(error);
    }
  }

  /** What is planned on the register as it is now; undefined if somebody else has turned it. */
  async function planAgain(
    { key }: Turnable,
    { cutOffMs }: Turn,
    sizes: TurnSizes,
  ): Promise<Turn | undefined> {
    const seen = await store.read(key, { consistent: true });
    return seen.cutOffMs === cutOffMs ? planTurn(seen, sizes) : undefined;
  }

  /**
   * Turns if that is due. The change is counted whether or not it succeeds; but a register that is over
   * its rate takes few calls, and without turns it grows, and takes fewer still. So this is tried for a
   * while.
   */
  async function turnIfDue(turnable: Turnable, register: Register): Promise<void> {
    const sizes = turnSizes ?? sizesOf(turnable.key);
    if (!isTurnDue(register, sizes)) return;
    let turn = planTurn(register, sizes);
    if (await tryTurn(turnable, turn)) return;
    for (let attempt = 1; attempt < limits.turnAttempts; attempt++) {
      await pause(retryPauseMs(attempt, random()));
      const again = await planAgain(turnable, turn, sizes).catch(notDone);
      if (again === undefined) return;
      if (again === false) continue;
      turn = again;
      if (await tryTurn(turnable, turn)) return;
    }
  }

  return { learnCutOff, claimTime, turnIfDue };
}

function notDone(error: unknown): false {
  if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError) return false;
  throw error;
}
