/** What the lab measures at the table, of the calls of stream functions. */
import { cellAttributes, tokenAttributes } from '../../functions/dynamo/attributes.ts';
import { isPageKey } from '../../functions/dynamo/item-keys.ts';
import { itemPrefixes } from '../../functions/dynamo/item-prefixes.ts';
import { itemBytes, type WireItem } from '../../local/memory-table/attribute-values.ts';
import type { ItemName } from '../../local/memory-table/normal-item.ts';
import type { TableChange } from '../../local/memory-table/stream-record.ts';
import type { Applied } from '../../local/memory-table/table-request.ts';

/** Stream shards are replaced after four hours, and cells remember the old ones for thirty. */
export const settledAfterHours = 36;

export class LabMeasures {
  readonly #now: () => number;
  readonly #settledAtMs: number;
  readonly #foldsInSecond: SecondPeak;
  readonly #unitsInSecond: SecondPeak;
  folds = 0;
  /** Write units that folding costs, without those of live messages. */
  writeUnits = 0;
  readUnits = 0;
  failedWrites = 0;
  throttledWrites = 0;
  refusedWrites = 0;
  largestCellBytes = 0;
  /** The same, once nothing is left of the hours in which the counters were new to the table. */
  settledCellBytes = 0;
  clockAheadMs = 0;
  failedBatches = 0;
  /** Some of what they failed with. */
  readonly failures = new Set<string>();
  givenUpRecords = 0;
  invocations = 0;
  /** How tokens were put first, and what registers and totals did. */
  readonly writes = { claims: 0, facts: 0, turns: 0, pages: 0, growths: 0 };
  readonly messages = new MessageMeasures();
  readonly #lagsMs: number[] = [];
  readonly #cells = new Set<string>();
  readonly #tokens = { bytes: 0, count: 0 };

  /** @param now epoch ms, by the right clock */
  constructor(now: () => number) {
    this.#now = now;
    this.#settledAtMs = now() + settledAfterHours * 3_600_000;
    this.#foldsInSecond = new SecondPeak(now);
    this.#unitsInSecond = new SecondPeak(now);
  }

  readonly observeStreamCall = (_request: unknown, applied: Applied): void => {
    const { outcome, writeUnits, readUnits, name } = applied;
    if (name?.pk.startsWith('w#')) this.messages.writeUnits += writeUnits;
    else this.writeUnits += writeUnits;
    this.readUnits += readUnits;
    if (outcome === 'throttled') this.throttledWrites++;
    if (outcome === 'refused') this.refusedWrites++;
    if (!name?.pk.startsWith('c#')) return;
    this.#unitsInSecond.add(name.pk, writeUnits);
    if (outcome === 'condition_failed') this.failedWrites++;
    if (outcome !== 'done') return;
    this.#observeCell(applied);
  };

  /** Hears of every change of the table. */
  observeChange({ name, before, after }: TableChange): void {
    if (!after) return;
    if (name.pk.startsWith(itemPrefixes.cell)) this.#observeCellChange(name, before, after);
    if (before || !name.pk.startsWith(itemPrefixes.token)) return;
    this.writes[after[tokenAttributes.amount] ? 'facts' : 'claims']++;
    this.#tokens.bytes += itemBytes(after);
    this.#tokens.count++;
  }

  #observeCellChange({ pk, sk }: ItemName, before: WireItem | undefined, after: WireItem): void {
    const hasChanged = (attribute: string) => before?.[attribute]?.N !== after[attribute]?.N;
    if (isPageKey(sk)) {
      this.writes.pages++;
      return;
    }
    this.#cells.add(pk);
    if (hasChanged(cellAttributes.cutOffMs)) this.writes.turns++;
    if (hasChanged(cellAttributes.shardCount)) this.writes.growths++;
  }

  /** Partition keys of cells: one for each shard of a counter. */
  get cells(): number {
    return this.#cells.size;
  }

  /** The average size of an item of the ledger. */
  get tokenBytes(): number {
    return Math.round(this.#tokens.bytes / Math.max(1, this.#tokens.count));
  }

  #observeCell({ before, after, bytes = 0 }: Applied): void {
    this.largestCellBytes = Math.max(this.largestCellBytes, bytes);
    if (this.#now() >= this.#settledAtMs) {
      this.settledCellBytes = Math.max(this.settledCellBytes, bytes);
    }
    if (after?.t?.N !== undefined) {
      this.clockAheadMs = Math.max(this.clockAheadMs, Number(after.t.N) - this.#now());
    }
    if (before?.n?.N === after?.n?.N) return;
    this.folds++;
    this.#foldsInSecond.add('all', 1);
  }

  /** A batch was not folded. */
  observeFailure(error: unknown): void {
    this.failedBatches++;
    const [cause] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    if (this.failures.size < 3) this.failures.add(String(cause));
  }

  observeLag(lagMs: number): void {
    // A sample is enough, and memory is bounded.
    if (this.#lagsMs.length < 100_000) this.#lagsMs.push(lagMs);
  }

  /** Folds in the busiest second. */
  get foldsASecond(): number {
    return this.#foldsInSecond.peak;
  }

  /** Write units of the busiest partition key in its busiest second. */
  get busiestKeyUnits(): number {
    return this.#unitsInSecond.peak;
  }

  lagMs(share: number): number {
    const sorted = this.#lagsMs.toSorted((a, b) => a - b);
    return Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  }
}

/** The most that came under one name within a second. */
class SecondPeak {
  readonly #now: () => number;
  readonly #sums = new Map<string, number>();
  #second = 0;
  peak = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(name: string, amount: number): void {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) this.#sums.clear();
    this.#second = second;
    const sum = (this.#sums.get(name) ?? 0) + amount;
    this.#sums.set(name, sum);
    this.peak = Math.max(this.peak, sum);
  }
}

/** Live messages of one counter: how many came within a second at most, and what the last one said. */
class MessageMeasures {
  readonly #timesMs: number[] = [];
  sent = 0;
  peak = 0;
  /** What it costs to agree on who sends. */
  writeUnits = 0;
  lastCount: unknown;

  observe(atMs: number, count: unknown): void {
    const times = this.#timesMs;
    times.push(atMs);
    while (times.length > 0 && (times[0] ?? 0) <= atMs - 1000) times.shift();
    this.sent++;
    this.peak = Math.max(this.peak, times.length);
    this.lastCount = count;
  }
}
