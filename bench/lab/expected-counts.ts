/**
 * What the counters must show: the sum of all accepted changes in each kind of window. Which hour a
 * change of the last second belongs to is up to the clock of the function that took it, so windows
 * have bounds, and their sum is exact.
 */
import { type WindowKind, windowKeyAt } from '../../functions/rules/windows.ts';

interface Bounds {
  least: bigint;
  most: bigint;
}

interface AcceptedChange {
  readonly amount: number;
  /** Between these it was accepted, epoch ms. */
  readonly begunAtMs: number;
  readonly endedAtMs: number;
}

/** Counts by subject, then by window. */
export type Counts = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

export class ExpectedCounts {
  readonly #kinds: readonly WindowKind[];
  readonly #marginMs: number;
  readonly #totals = new Map<string, bigint>();
  readonly #windows = new Map<string, Bounds>();

  /** @param options.marginMs what clocks of functions may be wrong by */
  constructor({ kinds, marginMs }: { kinds: readonly WindowKind[]; marginMs: number }) {
    this.#kinds = kinds;
    this.#marginMs = marginMs;
  }

  add(subject: string, { amount, begunAtMs, endedAtMs }: AcceptedChange): void {
    this.#totals.set(subject, this.total(subject) + BigInt(amount));
    for (const kind of this.#kinds) {
      const earliest = windowKeyAt(kind, begunAtMs - this.#marginMs);
      const latest = windowKeyAt(kind, endedAtMs + this.#marginMs);
      const keys = new Set([earliest, latest]);
      for (const key of keys) this.#addToWindow(subject, key, BigInt(amount), keys.size === 1);
    }
  }

  total(subject: string): bigint {
    return this.#totals.get(subject) ?? 0n;
  }

  get subjects(): string[] {
    return [...this.#totals.keys()];
  }

  /** What is wrong with these counts; nothing if they are exact. */
  differences(counts: Counts): string[] {
    return this.subjects.flatMap((subject) => {
      const windows = counts.get(subject) ?? new Map<string, bigint>();
      return [...this.#wrongSums(subject, windows), ...this.#wrongWindows(subject, windows)];
    });
  }

  #wrongSums(subject: string, windows: ReadonlyMap<string, bigint>): string[] {
    return this.#kinds.flatMap((kind) => {
      const length = windowKeyAt(kind, 0).length;
      const sum = [...windows]
        .filter(([key]) => key.length === length)
        .reduce((all, [, count]) => all + count, 0n);
      const total = this.total(subject);
      return sum === total ? [] : [`${subject} by ${kind}: ${sum} instead of ${total}`];
    });
  }

  #wrongWindows(subject: string, windows: ReadonlyMap<string, bigint>): string[] {
    return [...windows].flatMap(([key, count]) => {
      const { least, most } = this.#windows.get(nameOf(subject, key)) ?? { least: 0n, most: 0n };
      const isRight = count >= least && count <= most;
      return isRight ? [] : [`${subject} ${key}: ${count} instead of ${least} to ${most}`];
    });
  }

  #addToWindow(subject: string, key: string, amount: bigint, isCertain: boolean): void {
    const bounds = this.#windows.get(nameOf(subject, key)) ?? { least: 0n, most: 0n };
    bounds.most += amount;
    if (isCertain) bounds.least += amount;
    this.#windows.set(nameOf(subject, key), bounds);
  }
}

const nameOf = (subject: string, key: string): string => `${subject} ${key}`;
