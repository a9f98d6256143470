/**
 * HyperLogLog: how many different members there were, from 4096 small registers.
 *
 * Flajolet, Fusy, Gandouet, Meunier (2007), with 64-bit hashes and the estimator of Ertl, "New
 * cardinality estimation algorithms for HyperLogLog sketches" (2017, arXiv:1702.01284, algorithm 6),
 * which needs no corrections for small or large counts. Sketches of several windows or regions are
 * merged by taking the larger of each pair of registers, and give the count of their union.
 */
const indexBits = 12;
const rankBits = 64 - indexBits;

export const registerCount = 2 ** indexBits;
/** Registers are stored in blocks: each is one item of the table, and one write raises one register. */
export const blockCount = 32;
export const registersPerBlock = registerCount / blockCount;

/** Relative standard error of an estimate: 1.04 / sqrt(4096). */
export const standardError = 1.04 / Math.sqrt(registerCount);

export type Registers = Uint8Array;

export interface RegisterValue {
  /** 0 … 4095. */
  readonly index: number;
  /** 1 … 53. */
  readonly rank: number;
}

export const emptyRegisters = (): Registers => new Uint8Array(registerCount);

/** Which register a member raises, and to what: from the first 64 bits of its hash. */
export function registerOf(hash: Uint8Array): RegisterValue {
  const bits = new DataView(hash.buffer, hash.byteOffset, 8).getBigUint64(0);
  const index = Number(bits >> BigInt(rankBits));
  const rest = bits & ((1n << BigInt(rankBits)) - 1n);
  const leadingZeros = rest === 0n ? rankBits : rankBits - rest.toString(2).length;
  return { index, rank: leadingZeros + 1 };
}

/** The sketch of the union. */
export function merge(sketches: readonly Registers[]): Registers {
  const merged = emptyRegisters();
  for (const sketch of sketches) {
    for (let index = 0; index < registerCount; index++) {
      const rank = sketch[index] ?? 0;
      if (rank > (merged[index] ?? 0)) merged[index] = rank;
    }
  }
  return merged;
}

/** The estimated number of different members, rounded. */
export function estimate(registers: Registers): number {
  const m = registerCount;
  const q = rankBits;
  const histogram = new Uint16Array(q + 2);
  for (const rank of registers) histogram[rank] = (histogram[rank] ?? 0) + 1;
  const of = (rank: number) => histogram[rank] ?? 0;
  let z = m * tau(1 - of(q + 1) / m);
  for (let rank = q; rank >= 1; rank--) z = 0.5 * (z + of(rank));
  z += m * sigma(of(0) / m);
  return Math.round((m * m) / (2 * Math.LN2 * z));
}

/** x + Σ x^(2^k) · 2^(k-1): the share of registers that are still 0. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let weight = 1;
  let sum = x;
  for (let before = -1; sum !== before; ) {
    before = sum;
    power *= power;
    sum += power * weight;
    weight += weight;
  }
  return sum;
}

/** (1 - x - Σ (1 - x^(2^-k))² · 2^-k) / 3: the share of registers that cannot rise any more. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let weight = 1;
  let sum = 1 - x;
  for (let before = -1; sum !== before; ) {
    before = sum;
    root = Math.sqrt(root);
    weight *= 0.5;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
