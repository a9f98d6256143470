import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  emptyRegisters,
  estimate,
  merge,
  type Registers,
  registerCount,
  registerOf,
  standardError,
} from '../../../functions/rules/hyperloglog.ts';
import { seededRandom } from '../../harness/seeded-random.ts';

const hash = fc.uint8Array({ minLength: 8, maxLength: 32 });

function raise(registers: Registers, { index, rank }: ReturnType<typeof registerOf>): Registers {
  registers[index] = Math.max(registers[index] ?? 0, rank);
  return registers;
}

const sketchOf = (hashes: readonly Uint8Array[]): Registers =>
  hashes.reduce((registers, it) => raise(registers, registerOf(it)), emptyRegisters());

/** A sketch of so many different members, by hashes that are as good as any. */
function sketchOfRandom(count: number, seed: number, registers = emptyRegisters()): Registers {
  const random = seededRandom(seed);
  const bytes = new DataView(new ArrayBuffer(8));
  for (let member = 0; member < count; member++) {
    bytes.setUint32(0, random() * 2 ** 32);
    bytes.setUint32(4, random() * 2 ** 32);
    raise(registers, registerOf(new Uint8Array(bytes.buffer)));
  }
  return registers;
}

const errorOf = (count: number, seed: number) => estimate(sketchOfRandom(count, seed)) / count - 1;

describe('the register of a hash', () => {
  test('is named by its first 12 bits; its rank is the place of the first 1 in the next 52', () => {
    fc.assert(
      fc.property(hash, (bytes) => {
        const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
        const first = bits.slice(12, 64).indexOf('1');
        expect(registerOf(bytes)).toEqual({
          index: Number.parseInt(bits.slice(0, 12), 2),
          rank: first === -1 ? 53 : first + 1,
        });
      }),
    );
  });

  test.each([
    ['0000000000000000', 0, 53],
    ['0000000000000001', 0, 52],
    ['ffffffffffffffff', 4095, 1],
    ['fff0000000000000', 4095, 53],
    ['8008000000000000', 2048, 1],
    ['0014000000000000', 1, 2],
  ])('%s is register %i, rank %i', (hex, index, rank) => {
    expect(registerOf(Buffer.from(hex, 'hex'))).toEqual({ index, rank });
  });

  test('is that of the bytes themselves, wherever they lie in memory', () => {
    const bytes = Uint8Array.from([9, 9, 9, 0x80, 0x08, 0, 0, 0, 0, 0, 0, 9]);
    expect(registerOf(bytes.subarray(3, 11))).toEqual({ index: 2048, rank: 1 });
  });
});

describe('merging', () => {
  const sketch = fc.array(hash, { maxLength: 50 }).map(sketchOf);

  test('gives the sketch of the union', () => {
    fc.assert(
      fc.property(fc.array(hash), fc.array(hash), fc.array(hash), (one, other, both) => {
        const merged = merge([sketchOf([...one, ...both]), sketchOf([...both, ...other])]);
        expect(merged).toEqual(sketchOf([...one, ...other, ...both]));
      }),
    );
  });

  test('goes in any order and any grouping, and again and again', () => {
    fc.assert(
      fc.property(sketch, sketch, sketch, (a, b, c) => {
        const all = merge([a, b, c]);
        expect(merge([c, a, b])).toEqual(all);
        expect(merge([merge([a, b]), c])).toEqual(all);
        expect(merge([all, a, all])).toEqual(all);
        expect(merge([all, emptyRegisters()])).toEqual(all);
      }),
    );
  });

  test('of nothing is empty, and leaves what is merged alone', () => {
    expect(merge([])).toEqual(emptyRegisters());
    const [one, other] = [sketchOfRandom(100, 1), sketchOfRandom(100, 2)];
    merge([one, other]);
    expect(one).toEqual(sketchOfRandom(100, 1));
  });
});

describe('the estimate', () => {
  test('of nobody is 0', () => {
    expect(estimate(emptyRegisters())).toBe(0);
  });

  test('of a handful is exact while no two share a register, whatever their ranks', () => {
    const rank = fc.integer({ min: 1, max: 53 });
    const ranks = fc.uniqueArray(fc.tuple(fc.nat(registerCount - 1), rank), {
      maxLength: 40,
      selector: ([index]) => index,
    });
    fc.assert(
      fc.property(ranks, (raised) => {
        const registers = emptyRegisters();
        for (const [index, value] of raised) raise(registers, { index, rank: value });
        expect(estimate(registers)).toBe(raised.length);
      }),
    );
  });

  test('never falls when somebody comes', () => {
    const random = seededRandom(7);
    const registers = emptyRegisters();
    let before = 0;
    for (let round = 0; round < 2_000; round++) {
      const index = Math.floor(random() * registerCount);
      raise(registers, { index, rank: Math.floor(random() * 54) });
      const now = estimate(registers);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
  });

  test('is a number even when no register can rise any more', () => {
    const full = emptyRegisters().fill(53);
    expect(estimate(full)).toBeGreaterThan(2 ** 60);
  });

  test('of 100,000 is within 3 % nine times in ten and more', () => {
    const errors = Array.from({ length: 20 }, (_, seed) => Math.abs(errorOf(100_000, seed)));
    expect(errors.filter((error) => error < 0.03).length).toBeGreaterThanOrEqual(18);
    expect(Math.max(...errors)).toBeLessThan(4 * standardError);
  });

  test('of a million is within four standard errors', () => {
    expect(Math.abs(errorOf(1_000_000, 42))).toBeLessThan(4 * standardError);
  });

  test('of 100,000 and of the same 100,000 again is the same', () => {
    const once = sketchOfRandom(100_000, 3);
    expect(sketchOfRandom(100_000, 3, sketchOfRandom(100_000, 3))).toEqual(once);
  });

  test.each([2_000, 10_000, 20_000])(
    'of %i errs by the standard error, and to neither side',
    (count) => {
      const errors = Array.from({ length: 60 }, (_, seed) => errorOf(count, seed + 1));
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      const square = errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length;
      // Sixty trials leave a tenth each way to chance; 2,000 is in the better, linear part.
      expect(Math.sqrt(square)).toBeLessThan(1.2 * standardError);
      expect(Math.abs(mean)).toBeLessThan(0.3 * standardError);
    },
  );
});
