/** What one partition key takes: as many units a second, and no more in reserve than a second's. */
export class Throughput {
  readonly #levels = new Map<string, { level: number; atMs: number }>();

  readonly #unitsASecond: number;
  readonly #now: () => number;

  constructor(unitsASecond: number, now: () => number) {
    this.#unitsASecond = unitsASecond;
    this.#now = now;
  }

  /** Whether a call is let through; what it costs is known only afterwards. */
  admits(pk: string): boolean {
    return this.#level(pk) > 0;
  }

  spend(pk: string, units: number): void {
    this.#levels.set(pk, { level: this.#level(pk) - units, atMs: this.#now() });
  }

  #level(pk: string): number {
    const known = this.#levels.get(pk);
    if (!known) return this.#unitsASecond;
    const refilled = ((this.#now() - known.atMs) / 1000) * this.#unitsASecond;
    return Math.min(this.#unitsASecond, known.level + refilled);
  }
}
