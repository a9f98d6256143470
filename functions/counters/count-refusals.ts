/** Why a change of a count is refused. */
import type { Cell } from '../store/cell-store.ts';
import type { CountDefinition } from './define-counters.ts';
import { type Refusal, refuse } from './refusals.ts';

export const refuseContended = (): Refusal =>
  refuse('contended', 'Too many writers are at this counter; try again.');

export const refuseReused = (): Refusal =>
  refuse('idempotency_key_reused', 'This Idempotency-Key was used for another change.');

export const refuseUnbounded = (): Refusal =>
  refuse('not_bounded', 'This counter has no bounds that an amount could be cut to.');

export const refuseSeveralCells = (): Refusal =>
  refuse(
    'not_single_cell',
    'This count is spread over several cells, which cannot be compared at one moment; leave out expected.',
  );

export const refuseMismatch = ({ count }: Cell, expected: number | undefined): Refusal =>
  refuse('count_mismatch', `The count is ${count}, not ${expected}.`, count);

export function rangeOf({ bounds: { min, max } = {} }: CountDefinition): string {
  const ends = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ];
  return ends.join(' and ');
}

export const refuseGrown = (cells: number): Refusal =>
  refuse(
    'out_of_bounds',
    `The count was given bounds after it had grown to ${cells} cells, where they cannot be kept.`,
  );
