import type { CountDefinition } from './define-counters.ts';
import { type Refusal, refuse } from './refusals.ts';

/**
 * Why a count does not take an amount; undefined if it does.
 * @param amount signed, not 0
 */
export function refuseByAmount(
  { amounts }: Pick<CountDefinition, 'amounts'>,
  amount: number,
): Refusal | undefined {
  if (amount < 0 && !amounts.decrement) {
    return refuse('decrement_not_allowed', 'This counter takes increments only.');
  }
  if (Math.abs(amount) > amounts.max) {
    return refuse('amount_too_large', `This counter takes ${amounts.max} a change at most.`);
  }
  return undefined;
}
