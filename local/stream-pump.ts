/**
 * Stands in for Lambda's event source mapping: reads the table's stream from DynamoDB Local and passes
 * it to the stream function, batch by batch and in order. It repeats a failed batch until that succeeds,
 * and skips nothing. Like Lambda it may deliver a batch twice: if it crashes before it has saved that
 * the function succeeded.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type EngineStream,
  findEngineStream,
  isStaleIterator,
  type StreamPage,
} from './engine-stream.ts';
import { groupByGeneration, type StreamWindowEvent, toEventJson } from './stream-event.ts';
import { openPositions } from './stream-positions.ts';

/** The default of Lambda's mapping. */
const defaultBatchSize = 100;
/** Live updates feel live, and ten reads a second are little work for the engine. */
const idlePauseMs = 100;
const retryPauseMs = { first: 100, longest: 5_000 };

export interface StreamPumpOptions {
  readonly endpoint: string;
  readonly tableName: string;
  readonly handler: (event: StreamWindowEvent) => Promise<unknown>;
  /** Keeps the position over a restart; undefined delivers the whole stream again at each start. */
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
      const waitersBefore = waiters.length;
      if (await readRound(stream)) continue;
      for (const { resolve } of waiters.splice(0, waitersBefore)) resolve();
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
      // A shard gets children only when it is closed.
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

  async function readShard(stream: EngineStream, shard: ReadShard): Promise<StreamPage> {
    try {
      shard.iterator ??= await stream.openShard(shard.id, positions.of(shard.id));
      return await stream.read(shard.iterator, batchSize);
    } catch (error) {
      shard.iterator = undefined;
      throw error;
    }
  }

  async function deliver(stream: EngineStream, { id }: ReadShard, records: StreamPage['records']) {
    for (const [shardId, generation] of groupByGeneration(id, records)) {
      const json = toEventJson({ streamArn: stream.arn, shardId, records: generation });
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

  const untilDone = <T>(complaint: string, attempt: () => Promise<T>): Promise<T> =>
    retryUntilDone(complaint, attempt, stopping.signal);

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

/** Retries until it works, and complains once. @throws if the signal is given meanwhile */
async function retryUntilDone<T>(
  complaint: string,
  attempt: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let hasComplained = false;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasComplained && !isStaleIterator(error)) {
        hasComplained = true;
        console.error(`${complaint}:`, error);
      }
    }
    const pauseMs = Math.min(retryPauseMs.longest, retryPauseMs.first * 2 ** failures);
    await delay(pauseMs, undefined, { signal });
  }
}

function hasState(answer: unknown): boolean {
  const { state } = (answer ?? {}) as { state?: unknown };
  return typeof state === 'object' && state !== null;
}
