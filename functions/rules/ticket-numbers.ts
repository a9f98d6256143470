/** A ticket's number and its shift as one number, so that a register can count it up. */

/** A number of a shift; for a reset, the one before the first of the shift it began. */
export interface Position {
  readonly shift: number;
  readonly number: number;
}

/** More numbers than a shift can have: they begin at 1e9 at most, and a day has not enough time. */
const numbersOfShift = 1e10;

/** Rises with every ticket and every shift. A first number of 0 has one before it, too. */
export const packPosition = ({ shift, number }: Position): number =>
  shift * numbersOfShift + number + 1;

export const unpackPosition = (packed: number): Position => ({
  shift: Math.floor(packed / numbersOfShift),
  number: (packed % numbersOfShift) - 1,
});

/** All positions of a shift, both included. */
export const positionsOfShift = (shift: number): { atLeast: bigint; atMost: bigint } => ({
  atLeast: BigInt(shift * numbersOfShift),
  atMost: BigInt((shift + 1) * numbersOfShift - 1),
});
