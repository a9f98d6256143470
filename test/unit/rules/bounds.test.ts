import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allowedBefore,
  type Bounds,
  fitsBounds,
  roomBefore,
} from '../../../functions/rules/bounds.ts';
import { limits } from '../../../functions/rules/limits.ts';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const small = { counts: fc.integer({ min: -20, max: 20 }), limit: 12, amounts: 15 };
const large = { counts: fc.maxSafeInteger(), limit: 2 ** 40, amounts: limits.amount };

/** Small numbers, because they meet at the edges, and large ones. */
const situations = fc.constantFrom(small, large).chain(({ counts, limit, amounts }) =>
  fc.record({
    count: counts,
    amount: fc.integer({ min: -amounts, max: amounts }).filter((amount) => amount !== 0),
    bounds: fc.record<Bounds>({
      min: optional(fc.integer({ min: -limit, max: 0 })),
      max: optional(fc.integer({ min: 0, max: limit })),
    }),
  }),
);

const isWithin = (count: bigint, { min = -Infinity, max = Infinity }: Bounds) =>
  count >= min && count <= max;

const isAllowed = (count: number, amount: number, bounds: Bounds) =>
  fitsBounds(count, allowedBefore(amount, bounds));

describe('a change of a bounded count', () => {
  test('is allowed exactly if the count stays in bounds', () => {
    fc.assert(
      fc.property(situations, ({ count, amount, bounds }) => {
        fc.pre(isWithin(BigInt(count), bounds));
        const after = BigInt(count) + BigInt(amount);
        expect(isAllowed(count, amount, bounds)).toBe(isWithin(after, bounds));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is held up by the bound it moves towards alone, so that a count out of bounds can come back', () => {
    fc.assert(
      fc.property(situations, ({ count, amount, bounds: { min, max } }) => {
        const towards: Bounds = amount > 0 ? { max } : { min };
        const after = BigInt(count) + BigInt(amount);
        expect(isAllowed(count, amount, { min, max })).toBe(isWithin(after, towards));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is always allowed without bounds', () => {
    fc.assert(
      fc.property(situations, ({ count, amount }) => {
        expect(allowedBefore(amount, {})).toEqual({});
        expect(isAllowed(count, amount, {})).toBe(true);
      }),
    );
  });
});

test('what has room is exactly what would be allowed', () => {
  fc.assert(
    fc.property(situations, ({ count, amount, bounds }) => {
      const room = roomBefore(count, amount, bounds);
      expect(isAllowed(count, amount, bounds)).toBe(Math.abs(amount) <= room);
    }),
    { numRuns: 1_000 },
  );
});
