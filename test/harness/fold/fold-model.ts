/**
 * A world in which the fold has to be right: regions with a replica each of the ledger, replication
 * that lets the last writer win per item and delivers late and in any order, a stream per region in
 * several ordered shards, and stream functions that are cut off, overlap, and read batches again.
 *
 * Everything happens one step at a time and nothing happens by itself, so a history of steps is
 * repeated exactly. The world keeps two promises, as DynamoDB does:
 * - a write is later than what it overwrites, also where clocks differ;
 * - an item expires only where its replicas agree: it lives a day, and replication takes seconds.
 */
import type { CellDelta, Fact, FoldedCell, LedgerChange } from '../../../functions/rules/fold.ts';
import type { Batch } from './fold-history.ts';
import { type CellCalls, callsOf, type FoldRule, type ModelCell } from './fold-rule.ts';

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
  /** What items of this region counted when they expired. */
  readonly expired: CellDelta[];
  isCutOff: boolean;
}

/** A stream function at work on a batch: each cell is folded by one call after another. */
interface Invocation {
  readonly shard: StreamShard;
  readonly until: number;
  readonly cells: readonly CellCalls[];
}

export interface WorldOptions {
  readonly rule: FoldRule;
  readonly regions: number;
  /** How many seconds the clock of each region is ahead. */
  readonly clockSkews: readonly number[];
  readonly streamShards: number;
  readonly firstSequence: bigint;
}

export class World {
  readonly regions: readonly Region[];
  readonly messages: Message[] = [];
  readonly invocations: Invocation[] = [];
  /** Epoch seconds. */
  now = 1_000;
  readonly #rule: FoldRule;
  readonly #streamShards: number;
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
      expired: [],
      isCutOff: false,
    }));
    this.splitStreams();
  }

  /** From now on, changes go to new stream shards. */
  splitStreams(): void {
    for (const { stream } of this.regions) {
      for (let index = 0; index < this.#streamShards; index++) {
        stream.push({ id: `shard-${stream.length}`, changes: [], acknowledged: 0 });
      }
    }
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
    cell.updatedAt = this.now + region.clockSkew;
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
    const from = Math.max(0, shard.acknowledged - batch.back);
    const until = Math.min(shard.changes.length, shard.acknowledged + batch.count);
    const plans = this.#rule.plan(shard.changes.slice(from, until), region.name);
    const cells = plans.map(({ cell, entries }) =>
      callsOf(this.#rule, {
        cell: () => cellOf(region, cell, 0),
        streamShard: shard.id,
        entries,
        now: this.now + batch.clockSkew,
      }),
    );
    const invocation = { shard, until, cells };
    if (cells.length > 0) this.invocations.push(invocation);
    return invocation;
  }

  /** The function comes to its end, and the next one starts behind its batch. */
  complete({ shard, until, cells }: Invocation): void {
    for (const calls of cells) while (calls.next().done === false);
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
export const countsOf = ({ subject, contributions }: Fact): CellDelta[] =>
  contributions.map(({ counter, window, ...counts }) => ({
    cell: { subject, counter, window },
    ...counts,
  }));

/** What a cell holds in each of its parts. */
export const holdingsOf = ({ of: cell, counts }: NamedCell): CellDelta[] =>
  [...counts].map(([part, amount]) => ({ cell, ...(part === '' ? {} : { part }), amount }));

export const partName = ({ cell, part = '' }: CellDelta): string => `${cellName(cell)}#${part}`;

export const cellName = ({ subject, counter, window }: FoldedCell): string =>
  `${subject}#${counter}#${window}`;

function cellOf({ cells }: Region, of: FoldedCell, shard: number): ModelCell {
  const name = `${cellName(of)}#${shard}`;
  const cell = cells.get(name) ?? {
    of,
    counts: new Map(),
    updatedAt: undefined,
    watermarks: new Map(),
  };
  cells.set(name, cell);
  return cell;
}

/** The last writer wins; where two wrote at the same time, the region decides. */
function isLater(one: Version, other: Version): boolean {
  if (one.writtenAt !== other.writtenAt) return one.writtenAt > other.writtenAt;
  return one.writtenIn > other.writtenIn;
}
