/** Bounds of a count: stock that must not oversell, calls that must not exceed a rate. */
export interface Bounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Where the count must be before a change for it to be in bounds after it. */
export interface AllowedBefore {
  readonly atLeast?: bigint;
  readonly atMost?: bigint;
}

/**
 * Only the bound a change moves towards matters: a count that is out of bounds because the bounds
 * were changed can always come back.
 */
export function allowedBefore(amount: number | bigint, { min, max }: Bounds): AllowedBefore {
  if (amount > 0) return max === undefined ? {} : { atMost: BigInt(max) - BigInt(amount) };
  return min === undefined ? {} : { atLeast: BigInt(min) - BigInt(amount) };
}

export const fitsBounds = (count: number, allowed: AllowedBefore): boolean =>
  count >= (allowed.atLeast ?? -Infinity) && count <= (allowed.atMost ?? Infinity);

/** How much still fits in the direction of an amount. */
export function roomBefore(count: number, amount: number, { min, max }: Bounds): number {
  const room = amount > 0 ? (max ?? Infinity) - count : count - (min ?? -Infinity);
  return Math.max(0, room);
}
