/**
 * Delivers one stream shard as Lambda does: batch after batch, each to an instance that is free, again
 * when it failed, in halves when it failed again, and now and then again although it was folded.
 */

import { type TableChange, toStreamRecord } from '../../local/memory-table/stream-record.ts';
import type { VirtualTime } from '../../local/memory-table/virtual-time.ts';
import type { StreamInstance } from './lab-instance.ts';
import type { StreamShard } from './stream-shards.ts';

export interface DeliveryOptions {
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly batchSeconds: number;
  /** Share of the batches that are delivered again although they were folded. */
  readonly redelivered: number;
  /** What functions are told that a stream shard is called. */
  readonly shardIdFor: (shardId: string) => string;
  readonly takeInstance: () => StreamInstance;
  /** Gets an instance back that is still alive. */
  readonly giveBack: (instance: StreamInstance) => void;
  /** Hears how late records are folded, in ms. */
  readonly onFolded: (lagMs: number) => void;
  readonly onFailed: (error: unknown) => void;
  /** Hears of records that nobody will try again. */
  readonly onGivenUp: (records: number) => void;
}

const batchSize = 1_000;
/** Lambda looks into each stream shard four times a second. */
const pollMs = 250;
/** Delivered records that may come again. */
const keptRecords = 64;
const giveUpAfterMs = 23 * 3_600_000;
const longestPauseMs = 15 * 60_000;

/** Resolves when a closed stream shard is delivered to its end. */
export async function deliverShard(shard: StreamShard, options: DeliveryOptions): Promise<void> {
  const { time, random, batchSeconds } = options;
  const { records } = shard;
  let position = 0;
  let furthest = 0;
  let failures = 0;
  let failingSinceMs = 0;

  /** Forgets what was delivered long ago. */
  function forget(): void {
    const over = Math.min(position, furthest) - keptRecords;
    if (over < keptRecords) return;
    records.splice(0, over);
    position -= over;
    furthest -= over;
  }

  for (;;) {
    if (position === records.length) {
      if (shard.isClosed) break;
      await new Promise<void>((resolve) => {
        shard.wake = resolve;
      });
      await time.pause(random() * pollMs + batchSeconds * 1000);
      continue;
    }
    const most = Math.max(1, Math.floor(batchSize / 2 ** failures));
    const size = Math.min(most, records.length - position);
    // Batches end anywhere: a megabyte is full, or the poll was just then.
    const cut = random() < 0.2 ? 1 + Math.floor(random() * size) : size;
    const batch = records.slice(position, position + cut);
    const isFolded = await deliverBatch(shard, batch, options);
    if (!isFolded) {
      if (failures === 0) failingSinceMs = time.now();
      failures++;
      if (time.now() - failingSinceMs > giveUpAfterMs) {
        options.onGivenUp(Math.max(0, position + cut - furthest));
        position += cut;
        furthest = Math.max(furthest, position);
        failures = 0;
      }
      await time.pause(Math.min(longestPauseMs, 100 * 2 ** failures) * (0.5 + random() / 2));
      continue;
    }
    failures = 0;
    // What comes again was counted before.
    for (const { atMs } of records.slice(furthest, position + cut)) {
      options.onFolded(time.now() - atMs);
    }
    furthest = Math.max(furthest, position + cut);
    if (random() < options.redelivered) {
      // The same again, cut anew; or from further back.
      if (random() < 0.5) position = Math.max(0, position - Math.floor(random() * keptRecords));
      continue;
    }
    position += cut;
    forget();
  }
}

async function deliverBatch(
  { id }: StreamShard,
  batch: readonly TableChange[],
  options: DeliveryOptions,
): Promise<boolean> {
  const event = { Records: batch.map(toStreamRecord), shardId: options.shardIdFor(id) };
  const times = options.random() < options.redelivered / 4 ? 2 : 1;
  const results = await Promise.all(Array.from({ length: times }, () => invoke(event, options)));
  return results.every((isDone) => isDone);
}

type StreamEvent = Parameters<StreamInstance['handler']>[0];

async function invoke(event: StreamEvent, options: DeliveryOptions): Promise<boolean> {
  const instance = options.takeInstance();
  const outcome = await Promise.race([
    instance.handler(event).then(
      () => 'done' as const,
      (error: unknown) => {
        options.onFailed(error);
        return 'failed' as const;
      },
    ),
    instance.crashed.then(() => 'crashed' as const),
  ]);
  if (outcome !== 'crashed') options.giveBack(instance);
  return outcome === 'done';
}
