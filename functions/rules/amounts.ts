/**
 * What one change of a count may be. Where strangers write, a single request must not ruin a count: it
 * adds 1 and takes nothing away, unless the definition of the counter says more.
 */
import { limits } from './limits.ts';

export interface Amounts {
  readonly max: number;
  /** Whether a change may take away. */
  readonly decrement: boolean;
}

const ofStrangers: Amounts = { max: 1, decrement: false };
const ofKeyHolders: Amounts = { max: limits.amount, decrement: true };

/** @param said what the definition of the counter says */
export function amountsFor(
  said: { readonly max?: number | undefined; readonly decrement?: boolean | undefined },
  { takesKey }: { takesKey: boolean },
): Amounts {
  const usual = takesKey ? ofKeyHolders : ofStrangers;
  return { max: said.max ?? usual.max, decrement: said.decrement ?? usual.decrement };
}
