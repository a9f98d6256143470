/** A change of a count before it is written, and what became of it. */
import type { Token } from '../rules/senders.ts';
import type { Cell } from '../store/cell-store.ts';
import type { Claim, Fact, RegisterItem } from '../store/register-store.ts';
import type { CountDefinition } from './define-counters.ts';
import type { Entered } from './enter-register.ts';
import type { Total, TotalKey } from './total.ts';

/** A change, worked out before anything is written. */
export interface PlannedChange {
  readonly key: TotalKey;
  readonly definition: CountDefinition;
  /** Keys of the windows it belongs to, the shown one first. */
  readonly windows: readonly [string, ...string[]];
  readonly amount: number;
  readonly isSaturating: boolean;
  readonly fingerprint: string;
  /** The caller's idempotency key. */
  readonly token: Token | undefined;
  readonly wantCount: boolean;
  /** The moment at which it was made. */
  readonly begunAt: number;
}

/** How a change was written, and what that tells of the total. */
export type Written<Reason> =
  | {
      readonly how: 'added';
      readonly key: TotalKey;
      /** The cell as it was seen then; undefined if it is not the first of its total. */
      readonly cell: Cell | undefined;
      /** What the token got. */
      readonly got: number;
      /** What was added to the total now; undefined if that is not known. */
      readonly amount: number | undefined;
      readonly replayed: boolean;
    }
  | { readonly how: 'deferred'; readonly before: Total | undefined }
  | { readonly how: 'seen_fact'; readonly fact: Fact }
  | { readonly how: 'refused'; readonly reason: Reason; readonly cell: Cell }
  | { readonly how: 'contended' }
  | { readonly how: 'reused' }
  | { readonly how: 'over'; readonly claim: Claim };

/** What was added to the total, by what the token got. */
export type AmountOf = (got: number) => number | undefined;

export const addedBy =
  ({ amount, isSaturating }: PlannedChange): AmountOf =>
  (got) =>
    isSaturating ? Math.sign(amount) * got : amount;

export const unknownAmount: AmountOf = () => undefined;

/** @param amountOf what was added, by what the token got */
export function fromEntered<Reason>(
  key: TotalKey,
  shard: number,
  entered: Entered<Reason>,
  amountOf: AmountOf,
): Written<Reason> {
  const cellOf = ({ cell }: RegisterItem) => (shard === 0 ? cell : undefined);
  switch (entered.outcome) {
    case 'entered':
    case 'replayed': {
      const { got, register, outcome } = entered;
      const replayed = outcome === 'replayed';
      const amount = replayed ? undefined : amountOf(got);
      return { how: 'added', key, cell: cellOf(register), got, amount, replayed };
    }
    case 'refused':
      return { how: 'refused', reason: entered.reason, cell: entered.register.cell };
    case 'contended':
    case 'outdated':
      return { how: 'contended' };
  }
}
