/** What a change of a count does to its register. Pure. */
import { type AllowedBefore, allowedBefore, type Bounds, fitsBounds } from '../rules/bounds.ts';
import type { RegisterChange, RegisterItem } from '../store/register-store.ts';
import type { PlanChange } from './enter-register.ts';

/** Where and when a change is entered. */
export interface Place {
  readonly otherWindows: readonly string[];
  /** Epoch seconds; undefined for a cell that stays. */
  readonly expiresAt: number | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

export type AddReason = 'out_of_bounds';

/**
 * Adds an amount, within bounds if there are some.
 *
 * @param options.isSaturating whether an amount that does not fit is cut to what does
 */
export function planAdd(
  options: {
    readonly amount: number;
    readonly bounds: Bounds | undefined;
    readonly isSaturating: boolean;
  },
  place: Place,
): PlanChange<AddReason> {
  const { amount, bounds, isSaturating } = options;
  const allowed = allowedBefore(amount, bounds ?? {});
  const onlyCell = bounds !== undefined && Object.keys(allowed).length > 0;
  const got = isSaturating ? Math.abs(amount) : 0;
  const whole = changeOf(place, { amount, allowed, onlyCell, got });
  return async (seen) => {
    if (!seen) return { enter: whole };
    const count = seen.number ?? 0n;
    if (onlyCell && seen.cell.shardCount > 1) return { refuse: 'out_of_bounds' };
    if (fitsBounds(Number(count), allowed)) return { enter: whole };
    if (!isSaturating) return { refuse: 'out_of_bounds' };
    const fitting = fittingAmount(amount, count, bounds ?? {});
    const exactly = { atLeast: count, atMost: count };
    const change = { amount: fitting, allowed: exactly, onlyCell, got: Math.abs(fitting) };
    return { enter: changeOf(place, change) };
  };
}

/** How much of an amount fits between a count and the bound that it moves towards. */
function fittingAmount(amount: number, count: bigint, { min, max }: Bounds): number {
  if (amount > 0) return Math.max(0, Math.min(amount, (max ?? Infinity) - Number(count)));
  return Math.min(0, Math.max(amount, (min ?? -Infinity) - Number(count))) || 0;
}

function changeOf(
  { otherWindows, expiresAt, now }: Place,
  change: { amount: number; allowed: AllowedBefore; onlyCell: boolean; got: number },
): RegisterChange {
  const { amount, allowed, onlyCell, got } = change;
  return {
    number: { add: BigInt(amount), startsAt: 0n },
    isCell: true,
    isDirect: true,
    got,
    allowed,
    allowsAbsent: fitsBounds(0, allowed),
    onlyCell,
    resetAway: undefined,
    setsBefore: undefined,
    otherWindows,
    nowMs: now(),
    expiresAt,
  };
}

/** What a count is set to. */
export interface SetRequest {
  readonly value: number;
  /** Only if the count is this. */
  readonly expected: number | undefined;
}

const condition = ' from ';

/** What a token of a set stands for. */
export const fingerprintOfSet = ({ value, expected }: SetRequest): string =>
  `set ${value}${expected === undefined ? '' : `${condition}${expected}`}`;

/** Whether what a token stands for can be refused by the count, also where there are no bounds. */
export const isConditional = (fingerprint: string): boolean => fingerprint.includes(condition);

/** What was observed before a set: first how many sets there were, then the total. */
export interface Observed {
  readonly sets: number;
  readonly count: bigint;
}

export type SetReason = 'out_of_bounds' | 'not_single_cell' | 'count_mismatch';

/**
 * Sets a count by adding the difference to what it was observed to be, so that increments that arrive
 * meanwhile survive. It is on the condition that no other set came in between, which would take the
 * same away twice.
 */
export function planSet(
  { value, expected }: SetRequest,
  options: { readonly bounds: Bounds | undefined; readonly observe: () => Promise<Observed> },
  place: Place,
): PlanChange<SetReason> {
  const { bounds, observe } = options;
  const hasGrown = (seen: RegisterItem | undefined) => (seen?.cell.shardCount ?? 1) > 1;
  const setBy = (amount: bigint, allowed: AllowedBefore, rest: Partial<RegisterChange>) => ({
    enter: {
      ...changeOf(place, { amount: 0, allowed, onlyCell: bounds !== undefined, got: 0 }),
      number: { add: amount, startsAt: 0n },
      isDirect: false,
      otherWindows: [],
      resetAway: -amount,
      ...rest,
    },
  });

  return async (seen) => {
    if (expected !== undefined) {
      if (hasGrown(seen)) return { refuse: 'not_single_cell' };
      const exactly = BigInt(expected);
      if (seen && (seen.number ?? 0n) !== exactly) return { refuse: 'count_mismatch' };
      const allowed = { atLeast: exactly, atMost: exactly };
      return setBy(BigInt(value) - exactly, allowed, { onlyCell: true });
    }
    if (bounds && hasGrown(seen)) return { refuse: 'out_of_bounds' };
    const { count, sets } = await observe();
    const amount = BigInt(value) - count;
    // What has happened since must not make it break a bound.
    return setBy(amount, allowedBefore(amount, bounds ?? {}), { setsBefore: sets });
  };
}
