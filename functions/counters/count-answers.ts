/** What reads and changes of a count answer. Pure. */
import { allWindowKey, type WindowKind } from '../rules/windows.ts';
import type { Claim, Fact } from '../store/register-store.ts';
import { type Refusal, refuse } from './refusals.ts';
import type { Total, TotalKey } from './total.ts';
import type { Written } from './written-change.ts';

export interface CountAnswer {
  readonly ok: true;
  readonly count: number;
  /** The key of the window; left out for the one that never ends. */
  readonly window?: string;
  /** How often the count was changed. */
  readonly version: number;
  readonly updatedAtMs: number | null;
}

export interface ChangeAnswer {
  readonly ok: true;
  /** With the change in it. Absent if it was not wanted, could not be read, or is too large for JSON. */
  readonly count?: number;
  readonly version?: number;
  readonly updatedAtMs?: number | null;
  /** How much of the amount has fitted, if it was to be cut to that. */
  readonly applied?: number;
  /** The key of the window that was counted in; `all` only if the counter shows another one now. */
  readonly window?: string;
  /** With a set: the window that was set, and the others, which keep what was counted in them. */
  readonly scope?: { readonly window: WindowKind; readonly unchanged: readonly WindowKind[] };
  /** Accepted, but not folded into the total yet. */
  readonly pending: boolean;
  /** The token was seen before: this very change had been accepted earlier. */
  readonly replayed: boolean;
}

export const totalOfFact = (key: TotalKey, { windows: [window = key.window] }: Fact): TotalKey => ({
  ...key,
  window,
});

/** The total that a change is shown in: of one that was accepted earlier, the one shown then. */
export function windowOf(key: TotalKey, written: Written<never>): TotalKey {
  if (written.how === 'added') return written.key;
  return written.how === 'seen_fact' ? totalOfFact(key, written.fact) : key;
}

/** A total with a change that is not folded into it yet. */
export const withChange = (
  total: Total,
  { acceptedAtMs, amount }: Pick<Fact, 'acceptedAtMs' | 'amount'>,
): Total => ({ ...total, count: total.count + BigInt(amount), updatedAtMs: acceptedAtMs });

/** Beyond 2^53 a JSON number would be rounded, and the answer a lie. */
export function asAnswer(
  { count, version, updatedAtMs }: Total,
  window: string,
): CountAnswer | Refusal {
  const asNumber = Number(count);
  if (Number.isSafeInteger(asNumber)) {
    const named = window === allWindowKey ? {} : { window };
    return { ok: true, count: asNumber, ...named, version, updatedAtMs };
  }
  return refuse('count_too_large', `The count is ${count}, which JSON cannot carry exactly.`);
}

/** Nobody can tell whether it was counted. That matters only if another of its windows may still be shown. */
export function answerOver({ windows: [window, ...others] }: Claim): ChangeAnswer | Refusal {
  if (others.length === 0) return { ok: true, pending: false, replayed: true };
  return refuse(
    'idempotency_key_expired',
    `This Idempotency-Key is of ${window}, which is not kept any more.`,
  );
}
