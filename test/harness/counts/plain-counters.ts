import type { WindowKind } from '../../../functions/rules/windows.ts';

export interface AcceptedChange {
  /** `subject/counter` */
  readonly counter: string;
  readonly amount: number;
  /** Undefined for a change whose caller sent no token. */
  readonly token: string | undefined;
  /** Epoch ms. */
  readonly atMs: number;
}

const precision: Record<WindowKind, number> = { all: 0, day: 10, hour: 13, minute: 16 };

/** Counting as anybody would write it down: no shards, no ledger, nothing that can get lost. */
export class PlainCounters {
  readonly #accepted: AcceptedChange[] = [];

  /** @throws if the same token was accepted for another change: then one of the answers was wrong */
  accept(change: AcceptedChange): void {
    const earlier = this.#find(change);
    if (earlier === undefined) this.#accepted.push(change);
    else if (earlier.amount !== change.amount) {
      throw new Error(`${change.token} was accepted for ${earlier.amount} and ${change.amount}`);
    }
  }

  /** What a token was accepted for; undefined if it never was. */
  amountOf(change: Pick<AcceptedChange, 'counter' | 'token'>): number | undefined {
    return this.#find(change)?.amount;
  }

  /** The count in the window of this kind that a moment falls into. */
  count(counter: string, kind: WindowKind, atMs: number): number {
    return this.#accepted
      .filter((it) => it.counter === counter && areInSameWindow(kind, it.atMs, atMs))
      .reduce((sum, { amount }) => sum + amount, 0);
  }

  #find({ counter, token }: Pick<AcceptedChange, 'counter' | 'token'>): AcceptedChange | undefined {
    if (token === undefined) return undefined;
    return this.#accepted.find((it) => it.counter === counter && it.token === token);
  }
}

export const areInSameWindow = (kind: WindowKind, ...momentsMs: [number, number]): boolean =>
  new Set(momentsMs.map((atMs) => new Date(atMs).toISOString().slice(0, precision[kind]))).size ===
  1;
