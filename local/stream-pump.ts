/**
 * Stands in for Lambda's event source mapping: reads the table's stream from DynamoDB Local and
 * hands it to the stream function, batch by batch, in order. A batch that fails comes again until it
 * succeeds, and nothing is skipped. Like Lambda it may deliver a batch twice: after a crash between
 * the function's success and the note of it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type EngineStream,
  findEngineStream,
  isStaleIterator,
  type Page,
} from './engine-stream.ts';
import { groupByDay, type StreamWindowEvent, toEventJson } from './stream-event.ts';
import { openPositions } from './stream-positions.ts';

/** What Lambda's mapping takes unless told otherwise. */
const defaultBatchSize = 100;
/** Short enough for live updates to feel live; ten reads a second leave the engine idle. */
const idlePauseMs = 100;
const retryPauseMs = { first: 100, longest: 5_000 };

export interface StreamPumpOptions {
  readonly endpoint: string;
  readonly tableName: string;
  readonly handler: (event: StreamWindowEvent) => Promise<unknown>;
  /** Where the position outlives a restart; without it each start delivers the whole stream again. */
  readonly positionFile: string | undefined;
  readonly batchSize?: number;
}

export interface StreamPump {
  /**
   * Resolves once every record that was in the stream at the time of the call has been delivered;
   * rejects if the pump is stopped before that.
   */
  caughtUp(): Promise<void>;
  /** Finishes the batch under way and delivers nothing after it. */
  stop(): Promise<void>;
}

interface ReadShard {
  readonly id: string;
  readonly parentId: string | undefined;
  iterator: string | undefined;
  finished: boolean;
}

/** @throws Error for people, if the position file cannot be read */
export function startStreamPump(options: StreamPumpOptions): StreamPump {
  const { endpoint, tableName, handler, positionFile, batchSize = defaultBatchSize } = options;
  const positions = openPositions(positionFile);
  const stopping = new AbortController();
  const shards = new Map<string, ReadShard>();
  const waiters: PromiseWithResolvers<void>[] = [];

  async function run(): Promise<void> {
    const stream = await untilDone('The stream is not there', () =>
      findEngineStream(endpoint, tableName),
    );
    await discoverShards(stream);
    for (;;) {
      const askedBefore = waiters.length;
      if (await readRound(stream)) continue;
      for (const { resolve } of waiters.splice(0, askedBefore)) resolve();
      await delay(idlePauseMs, undefined, { signal: stopping.signal });
    }
  }

  /** @returns whether there was anything to read */
  async function readRound(stream: EngineStream): Promise<boolean> {
    let found = false;
    for (const shard of [...shards.values()].filter(isReadable)) {
      stopping.signal.throwIfAborted();
      const { records, next } = await untilDone('The stream cannot be read', () =>
        readShard(stream, shard),
      );
      if (records.length > 0) await deliver(stream, shard, records);
      shard.iterator = next;
      shard.finished = next === undefined;
      // A shard gets children when it is closed, and never else.
      if (shard.finished) await discoverShards(stream);
      found ||= records.length > 0 || shard.finished;
    }
    return found;
  }

  function isReadable({ finished, parentId }: ReadShard): boolean {
    const parent = parentId === undefined ? undefined : shards.get(parentId);
    return !finished && (parent === undefined || parent.finished);
  }

  async function discoverShards(stream: EngineStream): Promise<void> {
    const found = await untilDone('The stream cannot be described', () => stream.listShards());
    for (const { ShardId: id, ParentShardId: parentId } of found) {
      if (id === undefined || shards.has(id)) continue;
      shards.set(id, { id, parentId, iterator: undefined, finished: false });
    }
  }

  async function readShard(stream: EngineStream, shard: ReadShard): Promise<Page> {
    try {
      shard.iterator ??= await stream.openShard(shard.id, positions.of(shard.id));
      return await stream.read(shard.iterator, batchSize);
    } catch (error) {
      shard.iterator = undefined;
      throw error;
    }
  }

  async function deliver(stream: EngineStream, { id }: ReadShard, records: Page['records']) {
    for (const [shardId, ofDay] of groupByDay(id, records)) {
      const json = toEventJson({ streamArn: stream.arn, shardId, records: ofDay });
      await untilDone('The stream function failed and gets its batch again', async () => {
        const answer = await handler(JSON.parse(json) as StreamWindowEvent);
        if (!hasState(answer)) {
          throw new TypeError(
            'With a tumbling window, Lambda wants an answer with a state object.',
          );
        }
      });
    }
    positions.advance(id, records);
    await untilDone('The position in the stream cannot be saved', () => positions.save());
  }

  /** Tries until it works, and complains once. @throws when the pump is stopped meanwhile */
  async function untilDone<T>(complaint: string, attempt: () => Promise<T>): Promise<T> {
    let complained = false;
    for (let failures = 0; ; failures++) {
      try {
        return await attempt();
      } catch (error) {
        if (!complained && !isStaleIterator(error)) {
          complained = true;
          console.error(`${complaint}:`, error);
        }
      }
      const pauseMs = Math.min(retryPauseMs.longest, retryPauseMs.first * 2 ** failures);
      await delay(pauseMs, undefined, { signal: stopping.signal });
    }
  }

  const running = run().catch((error: unknown) => {
    for (const { reject } of waiters) reject(new Error('The stream pump was stopped.'));
    if (!stopping.signal.aborted) throw error;
  });

  return {
    caughtUp() {
      const waiter = Promise.withResolvers<void>();
      if (stopping.signal.aborted) waiter.reject(new Error('The stream pump was stopped.'));
      else waiters.push(waiter);
      return waiter.promise;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function hasState(answer: unknown): boolean {
  const { state } = (answer ?? {}) as { state?: unknown };
  return typeof state === 'object' && state !== null;
}
