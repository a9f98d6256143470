/**
 * A world in which the fold has to be right: regions with a replica each of the ledger, replication
 * that lets the last writer win per item and delivers late and in any order, a stream per region in
 * several ordered shards that are replaced every four hours, counters that spread over more cells, and
 * stream functions that are cut off, overlap, remember what is no longer true, and read batches again.
 *
 * Everything happens one step at a time and nothing happens by itself, so a history of steps is
 * repeated exactly. The world keeps these promises, as AWS does:
 * - a write is later than what it overwrites, also where clocks differ;
 * - an item expires only where its replicas agree: it lives a day, and replication takes seconds;
 * - a record is delivered within 23 hours, and a function's last request lands within 20 minutes;
 * - clocks of functions differ by seconds.
 */
import type { CellDelta, Fact, FoldedCell, LedgerChange } from '../../../functions/rules/fold.ts';
import type { GrowthHistory } from '../../../functions/rules/spreading.ts';
import { allWindowKey } from '../../../functions/rules/windows.ts';
import type { Batch } from './fold-history.ts';
import {
  type Calls,
  counterCalls,
  type FoldRule,
  type GrowthMemory,
  type Histories,
  type ModelCell,
} from './fold-rule.ts';

/** One version of an item. Without a fact it says that the item was deleted. */
interface Version {
  readonly fact: Fact | undefined;
  readonly writtenAt: number;
  readonly writtenIn: string;
}

/** A change on its way from one replica to another. */
interface Message {
  readonly from: Region;
  readonly to: Region;
  readonly item: string;
  readonly version: Version;
}

interface StreamShard {
  readonly id: string;
  readonly bornAt: number;
  readonly changes: LedgerChange[];
  /** How many changes are folded and not asked for again. */
  acknowledged: number;
}

interface NamedCell extends ModelCell {
  readonly of: FoldedCell;
}

interface Region {
  readonly name: string;
  readonly clockSkew: number;
  readonly replica: Map<string, Version>;
  /** Those from before the streams were last split come first, and still deliver. */
  readonly stream: StreamShard[];
  readonly cells: Map<string, NamedCell>;
  /** By counter. */
  readonly histories: Map<string, Histories>;
  /** What each function remembers. */
  readonly memories: readonly GrowthMemory[];
  /** What items of this region counted when they expired. */
  readonly expired: CellDelta[];
  isCutOff: boolean;
}

/** A stream function at work on a batch: each cell is folded by one call after another. */
interface Invocation {
  readonly shard: StreamShard;
  readonly until: number;
  readonly begunAt: number;
  /** Cells are added when it is known which they are. */
  readonly calls: Calls[];
}

/** A growth that was sent and has not reached the table yet. */
interface SentGrowth {
  readonly landsAt: number;
  readonly land: () => void;
}

export interface WorldOptions {
  readonly rule: FoldRule;
  readonly regions: number;
  /** How many seconds the clock of each region is ahead. */
  readonly clockSkews: readonly number[];
  readonly streamShards: number;
  readonly firstSequence: bigint;
}

const minutes = 60;
const hours = 3600;
const functionsOfRegion = 2;

export class World {
  readonly regions: readonly Region[];
  readonly messages: Message[] = [];
  invocations: Invocation[] = [];
  /** Epoch seconds. */
  now = Date.UTC(2026, 10, 21, 9, 30) / 1000;
  readonly #rule: FoldRule;
  readonly #streamShards: number;
  #sentGrowths: SentGrowth[] = [];
  #sequence: bigint;

  constructor({ rule, regions, clockSkews, streamShards, firstSequence }: WorldOptions) {
    this.#rule = rule;
    this.#streamShards = streamShards;
    this.#sequence = firstSequence;
    this.regions = Array.from({ length: regions }, (_, index) => ({
      name: `region-${index}`,
      clockSkew: clockSkews[index] ?? 0,
      replica: new Map(),
      stream: [],
      cells: new Map(),
      histories: new Map(),
      memories: Array.from({ length: functionsOfRegion }, () => new Map()),
      expired: [],
      isCutOff: false,
    }));
    this.splitStreams();
  }

  /** From now on, changes go to new stream shards. */
  splitStreams(): void {
    for (const { stream } of this.regions) {
      for (let index = 0; index < this.#streamShards; index++) {
        const id = `shardId-${String(this.now * 1000).padStart(20, '0')}-${stream.length}`;
        stream.push({ id, bornAt: this.now, changes: [], acknowledged: 0 });
      }
    }
  }

  /**
   * Time goes on. What would become too old to be delivered is delivered first, functions that were
   * left alone die, and stream shards that are old enough are replaced.
   */
  wait(seconds: number, deliver: (region: Region, shard: StreamShard) => void): void {
    for (const region of this.regions) {
      for (const shard of region.stream) {
        const oldest = shard.changes[shard.acknowledged]?.at ?? Infinity;
        if (this.now + seconds - oldest > 23 * hours) deliver(region, shard);
      }
    }
    this.now += seconds;
    this.invocations = this.invocations.filter(({ begunAt }) => this.now - begunAt <= 20 * minutes);
    const landed = this.#sentGrowths.filter(({ landsAt }) => landsAt <= this.now);
    this.#sentGrowths = this.#sentGrowths.filter((it) => !landed.includes(it));
    for (const { land } of landed) land();
    const newest = this.regions[0]?.stream.at(-1)?.bornAt ?? 0;
    if (this.now - newest >= 4 * hours) this.splitStreams();
  }

  /** A function asks for more shards; the request lands now, or some minutes later. */
  grow(
    { histories }: Region,
    counter: string,
    change: { countsInAll: boolean; clockSkew: number; delay: number },
  ): void {
    const places = histories.get(counter) ?? new Map<boolean, GrowthHistory>();
    histories.set(counter, places);
    const seen = places.get(change.countsInAll) ?? [];
    const last = seen.at(-1);
    const shardCount = 2 * (last?.shardCount ?? 1);
    if (shardCount > 16) return;
    const atMs = Math.max((this.now + change.clockSkew) * 1000, (last?.atMs ?? 0) + 1);
    const land = () => {
      const there = places.get(change.countsInAll);
      if (seen.length === 0 ? there !== undefined : there !== seen) return;
      places.set(change.countsInAll, this.#rule.grown(seen, { atMs, shardCount }));
    };
    if (change.delay === 0) land();
    else this.#sentGrowths.push({ landsAt: this.now + change.delay, land });
  }

  factIn(region: Region, item: string): Fact | undefined {
    return region.replica.get(item)?.fact;
  }

  /** A write that was sent to this region; without a fact it deletes. */
  write(region: Region, item: string, fact: Fact | undefined): void {
    const overwritten = region.replica.get(item)?.writtenAt ?? -Infinity;
    const version: Version = {
      fact,
      writtenAt: Math.max(this.now + region.clockSkew, overwritten + 1),
      writtenIn: region.name,
    };
    this.#store(region, item, version);
    for (const to of this.regions) {
      if (to !== region) this.messages.push({ from: region, to, item, version });
    }
  }

  /** What the transaction that writes an applied token does beside it. */
  addAtOnce(region: Region, { cell: of, amount }: CellDelta, shard: number): void {
    const cell = cellOf(region, of, shard);
    cell.counts.set('', (cell.counts.get('') ?? 0) + amount);
  }

  /** Replication brings a change to another region, if the two can reach each other. */
  deliver(message: Message): void {
    const { from, to, item, version } = message;
    if (from.isCutOff || to.isCutOff) return;
    this.messages.splice(this.messages.indexOf(message), 1);
    const known = to.replica.get(item);
    if (known === undefined || isLater(version, known)) this.#store(to, item, version);
  }

  /** DynamoDB comes upon an item that has expired. @returns whether it took it away */
  expire(region: Region, item: string): boolean {
    const expiresAt = this.factIn(region, item)?.expiresAt ?? Infinity;
    if (expiresAt > this.now || !this.#replicasAgree(item)) return false;
    this.write(region, item, undefined);
    return true;
  }

  /** Starts a stream function on a batch, which may begin before what is acknowledged. */
  invoke(region: Region, shard: StreamShard, batch: Batch): Invocation {
    const young = shard.changes.findIndex(({ at }) => this.now - at <= 23 * hours);
    const oldest = young === -1 ? shard.acknowledged : Math.min(young, shard.acknowledged);
    const from = Math.max(oldest, shard.acknowledged - batch.back);
    const until = Math.min(shard.changes.length, shard.acknowledged + batch.count);
    const plans = this.#rule.plan(shard.changes.slice(from, until), region.name);
    const calls: Calls[] = [];
    const counters = Map.groupBy(plans, ({ cell }) => `${cell.subject}#${cell.counter}`);
    for (const [counter, ofCounter] of counters) {
      const fold = {
        streamShard: shard.id,
        plans: ofCounter,
        cell: (window: string, index: number) =>
          cellOf(region, { ...(ofCounter[0] as { cell: FoldedCell }).cell, window }, index),
        histories: () => region.histories.get(counter) ?? new Map(),
        memory: region.memories[batch.instance % functionsOfRegion] ?? new Map(),
        now: () => (this.now + batch.clockSkew) * 1000,
      };
      calls.push(counterCalls(this.#rule, fold, (cellCalls) => void calls.push(cellCalls)));
    }
    const invocation = { shard, until, begunAt: this.now, calls };
    if (calls.length > 0) this.invocations.push(invocation);
    return invocation;
  }

  /** The function comes to its end, and the next one starts behind its batch. */
  complete({ shard, until, calls }: Invocation): void {
    // It grows while it is gone through.
    for (const cellCalls of calls) while (cellCalls.next().done === false);
    shard.acknowledged = Math.max(shard.acknowledged, until);
  }

  #store(region: Region, item: string, version: Version): void {
    const { fact: before } = region.replica.get(item) ?? {};
    const { fact: after } = version;
    region.replica.set(item, version);
    if (before === undefined && after === undefined) return;
    this.#sequence += 1n;
    const sequence = String(this.#sequence);
    this.#shardOf(region, item)?.changes.push({ sequence, at: this.now, before, after });
    if (before === undefined || after !== undefined) return;
    const hasExpired = (before.expiresAt ?? Infinity) <= this.now;
    if (hasExpired && before.region === region.name) region.expired.push(...countsOf(before));
  }

  #shardOf({ stream }: Region, item: string): StreamShard | undefined {
    const hash = Buffer.from(item).reduce((sum, byte) => sum + byte, 0);
    return stream.at(-1 - (hash % this.#streamShards));
  }

  /** Whether those that still have the item have the same, and it has expired in the others. */
  #replicasAgree(item: string): boolean {
    const versions = this.regions.map(({ replica }) => replica.get(item));
    const held = versions.find((version) => version?.fact !== undefined);
    return versions.every((version) => {
      if (version === undefined || held === undefined) return false;
      return version === held || (version.fact === undefined && isLater(version, held));
    });
  }
}

/** Everything that a fact counts in, and how much. */
export const countsOf = ({ subject, contributions }: Fact): CellDelta[] => {
  const countsInAll = contributions.some(({ window }) => window === allWindowKey);
  return contributions.map(({ counter, window, ...counts }) => ({
    cell: { subject, counter, window },
    ...counts,
    countsInAll,
  }));
};

/** What a total holds in one of its parts. */
export type Holding = Pick<CellDelta, 'cell' | 'part' | 'amount'>;

/** What a cell holds in each of its parts. */
export const holdingsOf = ({ of: cell, counts }: NamedCell): Holding[] =>
  [...counts].map(([part, amount]) => ({ cell, ...(part === '' ? {} : { part }), amount }));

export const partName = ({ cell, part = '' }: Holding): string => `${cellName(cell)}#${part}`;

export const cellName = ({ subject, counter, window }: FoldedCell): string =>
  `${subject}#${counter}#${window}`;

function cellOf({ cells }: Region, of: FoldedCell, shard: number): ModelCell {
  const name = `${cellName(of)}#${shard}`;
  const cell = cells.get(name) ?? { of, counts: new Map(), marks: new Map() };
  cells.set(name, cell);
  return cell;
}

/** The last writer wins; where two wrote at the same time, the region decides. */
function isLater(one: Version, other: Version): boolean {
  if (one.writtenAt !== other.writtenAt) return one.writtenAt > other.writtenAt;
  return one.writtenIn > other.writtenIn;
}
