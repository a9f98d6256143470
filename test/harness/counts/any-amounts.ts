import type { CounterInput } from '../../../functions/counters/define-counters.ts';
import { limits } from '../../../functions/rules/limits.ts';

/**
 * Counters whose counts take any amount from everybody, as most tests change them. A count that says its
 * `amounts` keeps them; `{}` are those that it would have by itself.
 */
export function withAnyAmounts(
  counters: Readonly<Record<string, CounterInput>>,
): Record<string, CounterInput> {
  const amounts = { max: limits.amount, decrement: true };
  return Object.fromEntries(
    Object.entries(counters).map(([name, input]) => [
      name,
      input.kind === 'count' ? { amounts, ...input } : input,
    ]),
  );
}
