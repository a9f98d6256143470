import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  entriesOfPageBefore,
  isPageDue,
  type Position,
  packPosition,
  unpackPosition,
} from '../../../functions/rules/book-pages.ts';
import { limits } from '../../../functions/rules/limits.ts';

const { entries: size, ms, mostEntries, entriesMax } = limits.bookPage;

const positions: fc.Arbitrary<Position> = fc.record({
  shift: fc.integer({ min: 1, max: 100_000 }),
  // The one before the first of a shift that begins at 0, and the last of a billion behind the largest first.
  number: fc.integer({ min: -1, max: 2 * limits.amount }),
});

describe('a packed position', () => {
  test('is what was packed', () => {
    fc.assert(
      fc.property(positions, (position) => {
        const packed = packPosition(position);
        expect(Number.isSafeInteger(packed)).toBe(true);
        expect(unpackPosition(packed)).toEqual(position);
      }),
      { examples: [[{ shift: 1, number: -1 }], [{ shift: 2, number: 0 }]] },
    );
  });

  test('rises with the shift, and with the number within a shift', () => {
    fc.assert(
      fc.property(positions, positions, (a, b) => {
        const order = a.shift - b.shift || a.number - b.number;
        expect(Math.sign(packPosition(a) - packPosition(b))).toBe(Math.sign(order));
      }),
    );
  });
});

test('the page before has all entries but the last so many, in whatever order they are stored', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(positions, { selector: packPosition }),
      fc.nat({ max: 40 }),
      (found, entryCount) => {
        const entries = new Map(found.map((position, index) => [`token-${index}`, position]));
        const before = entriesOfPageBefore(entries, entryCount);
        const after = [...entries].filter(([name]) => !before.has(name));
        expect(after).toHaveLength(Math.min(entryCount, entries.size));
        const newestBefore = Math.max(...[...before.values()].map(packPosition), 0);
        for (const [, position] of after) {
          expect(packPosition(position)).toBeGreaterThan(newestBefore);
        }
      },
    ),
  );
});

describe('a page', () => {
  test.each([
    ['with few entries', { entryCount: size - 1, ageMs: 60_000 }, false],
    ['with enough', { entryCount: size, ageMs: ms }, true],
    ['with enough that came at once', { entryCount: size, ageMs: ms - 1 }, false],
    ['with one more, which another turns', { entryCount: size + 1, ageMs: ms }, false],
    ['that the other did not turn', { entryCount: 2 * size, ageMs: ms }, true],
    ['with too many that came at once', { entryCount: mostEntries, ageMs: 0 }, true],
  ])('%s: whether it is turned', (_, page, isDue) => {
    expect(isPageDue(page)).toBe(isDue);
  });

  test('is due, at any rate, before it takes no more', () => {
    const counts = Array.from({ length: entriesMax }, (_, index) => index + 1);
    expect(
      counts.filter((entryCount) => isPageDue({ entryCount, ageMs: 0 })).length,
    ).toBeGreaterThan(5);
  });
});
