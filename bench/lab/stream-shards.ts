/**
 * The table's one stream, cut into stream shards as on AWS: each takes the items of one range of hashes,
 * is closed after about four hours and followed by a child, or by two when its partition splits.
 */
import { createHash } from 'node:crypto';
import type { TableChange } from '../../local/memory-table/stream-record.ts';
import type { VirtualTime } from '../../local/memory-table/virtual-time.ts';

export interface StreamShard {
  /** `shardId-⟨ms of its creation⟩-⟨hexadecimal⟩` */
  readonly id: string;
  readonly parent: StreamShard | undefined;
  /** What has not been delivered for sure, oldest first. */
  readonly records: TableChange[];
  isClosed: boolean;
  /** Called when there is more, or when it is closed. */
  wake: () => void;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

interface OpenShard extends Range {
  readonly shard: StreamShard;
}

const hashes = 2 ** 32;
const hourMs = 3_600_000;
const lifetimeMs = { least: 3.7 * hourMs, most: 4.3 * hourMs };
/** How many of the stream shards that are replaced split. */
const splitChance = 0.01;

export class StreamShards {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #endMs: number;
  readonly #onOpen: (shard: StreamShard) => void;
  readonly #open: OpenShard[] = [];
  /** How many there have been. */
  count = 0;

  /** @param options.endMs when stream shards are replaced for the last time */
  constructor(options: {
    shards: number;
    time: VirtualTime;
    random: () => number;
    endMs: number;
    onOpen: (shard: StreamShard) => void;
  }) {
    const { shards, time, random, endMs, onOpen } = options;
    this.#time = time;
    this.#random = random;
    this.#endMs = endMs;
    this.#onOpen = onOpen;
    for (let index = 0; index < shards; index++) {
      const range = {
        from: Math.floor((index * hashes) / shards),
        to: Math.floor(((index + 1) * hashes) / shards),
      };
      // As if the table had been there before: its stream shards are of different ages.
      this.#openShard(range, { parent: undefined, ageMs: random() * lifetimeMs.least });
    }
  }

  append(change: TableChange): void {
    const { shard } = this.#shardOf(hashOf(change.name.pk));
    shard.records.push(change);
    shard.wake();
  }

  /** Closes what is open: nothing more will come. */
  close(): void {
    for (const { shard } of this.#open) closeShard(shard);
    this.#open.length = 0;
  }

  #shardOf(hash: number): OpenShard {
    const found = this.#open.find(({ from, to }) => hash >= from && hash < to);
    if (!found) throw new Error('the stream is closed');
    return found;
  }

  #openShard(range: Range, { parent, ageMs }: { parent: StreamShard | undefined; ageMs: number }) {
    const createdAtMs = Math.floor(this.#time.now() - ageMs);
    const name = Math.floor(this.#random() * hashes).toString(16);
    const shard: StreamShard = {
      id: `shardId-${String(createdAtMs).padStart(20, '0')}-${name.padStart(8, '0')}`,
      parent,
      records: [],
      isClosed: false,
      wake: () => {},
    };
    const open = { ...range, shard };
    this.#open.push(open);
    this.count++;
    this.#onOpen(shard);
    const { least, most } = lifetimeMs;
    const leftMs = least + this.#random() * (most - least) - ageMs;
    if (this.#time.now() + leftMs < this.#endMs) {
      this.#time.later(leftMs, () => this.#replace(open));
    }
  }

  #replace(open: OpenShard): void {
    const index = this.#open.indexOf(open);
    if (index < 0) return;
    this.#open.splice(index, 1);
    const { from, to, shard: parent } = open;
    closeShard(parent);
    const isSplit = this.#random() < splitChance;
    const middle = Math.floor((from + to) / 2);
    const ranges = isSplit
      ? [
          { from, to: middle },
          { from: middle, to },
        ]
      : [{ from, to }];
    for (const range of ranges) this.#openShard(range, { parent, ageMs: 0 });
  }
}

function closeShard(shard: StreamShard): void {
  shard.isClosed = true;
  shard.wake();
}

/** All items of a partition key are in one partition. */
const hashOf = (pk: string): number => createHash('md5').update(pk).digest().readUInt32BE(0);
