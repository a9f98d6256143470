/**
 * WAF's rule by address: it counts the requests of the last five minutes about every ten seconds, and
 * refuses an address while that is above the limit.
 */
const windowMs = 300_000;
const slotMs = 10_000;
const slots = windowMs / slotMs;

export class AddressFirewall {
  readonly #limit: number;
  readonly #counts = new Map<string, Map<number, number>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a request. @returns whether it is let through */
  lets(address: string, atMs: number): boolean {
    const slot = Math.floor(atMs / slotMs);
    const counts = this.#counts.get(address) ?? new Map<number, number>();
    this.#counts.set(address, counts);
    for (const old of counts.keys()) if (old <= slot - slots) counts.delete(old);
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
    let before = 0;
    for (const [each, count] of counts) if (each < slot) before += count;
    return before <= this.#limit;
  }
}
