import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unreadSince } from '../../../functions/rules/unread.ts';

const amounts = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
const sights = fc.record({ count: amounts, resetAway: amounts });

describe('what is unread', () => {
  test('is never negative, and nothing at once', () => {
    fc.assert(
      fc.property(sights, sights, (seen, now) => {
        expect(unreadSince(seen, now)).toBeGreaterThanOrEqual(0n);
        expect(unreadSince(seen, seen)).toBe(0n);
      }),
    );
  });

  test('is by how much the count has grown, if nobody reset it', () => {
    const grown = fc.bigInt({ min: 0n, max: 2n ** 70n });
    fc.assert(
      fc.property(sights, grown, (seen, amount) => {
        expect(unreadSince(seen, { ...seen, count: seen.count + amount })).toBe(amount);
      }),
    );
  });

  test('is not what a set upwards has added', () => {
    expect(unreadSince({ count: 5n, resetAway: 0n }, { count: 12n, resetAway: -4n })).toBe(3n);
  });

  test('is the same just after a reset as just before', () => {
    const positive = fc.bigInt({ min: 1n, max: 2n ** 70n });
    fc.assert(
      fc.property(sights, positive, (seen, count) => {
        const before = { ...seen, count };
        const after = { count: 0n, resetAway: seen.resetAway + count };
        expect(unreadSince(seen, after)).toBe(unreadSince(seen, before));
      }),
    );
  });
});
