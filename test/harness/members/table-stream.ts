/**
 * The stream of a table, handed to the stream function when a test says so: the records as the engine
 * made them, in batches as Lambda cuts them; each batch twice if asked for, because Lambda delivers at
 * least once.
 */
import type { DynamoDBRecord } from 'aws-lambda';
import { vi } from 'vitest';
import type { StreamEvent } from '../../../functions/stream/stream-function.ts';
import { findEngineStream } from '../../../local/engine-stream.ts';
import { type StreamWindowEvent, toEventJson } from '../../../local/stream-event.ts';

const batchSize = 100;
/** An engine that takes long is asked again, as the pump does; reading changes nothing. */
const untilRead = <T>(read: () => Promise<T>): Promise<T> => vi.waitFor(read, 120_000);

export interface TableStream {
  /** Every record delivered so far, once. */
  readonly records: readonly DynamoDBRecord[];
  /** Resolves when everything written so far is delivered. */
  deliver(): Promise<void>;
}

export async function openTableStream(options: {
  endpoint: string;
  tableName: string;
  /** Epoch ms: the test's time, which the engine does not know. */
  now: () => number;
  handler: (event: StreamEvent) => Promise<unknown>;
  redelivers: boolean;
}): Promise<TableStream> {
  const { endpoint, tableName, now, handler, redelivers } = options;
  const stream = await untilRead(() => findEngineStream(endpoint, tableName));
  // DynamoDB Local has one shard a stream, for longer than any test.
  const [shard] = await untilRead(() => stream.listShards());
  const shardId = shard?.ShardId ?? '';
  let iterator: string | undefined;
  const delivered: DynamoDBRecord[] = [];
  let underWay = Promise.resolve();

  async function deliverRest(): Promise<void> {
    const from = iterator ?? (await untilRead(() => stream.openShard(shardId, undefined)));
    const { records, next } = await untilRead(() => stream.read(from, batchSize));
    iterator = next;
    if (records.length === 0) return;
    const json = toEventJson({ streamArn: stream.arn, shardId, records });
    const Records = (JSON.parse(json) as StreamWindowEvent).Records.map((record) => ({
      ...record,
      dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: Math.floor(now() / 1000) },
    }));
    await handler({ Records, shardId });
    if (redelivers) await handler({ Records, shardId });
    delivered.push(...Records);
    await deliverRest();
  }

  return {
    records: delivered,
    async deliver() {
      // One after the other, as Lambda does, also when a test delivers while it still writes.
      underWay = underWay.then(deliverRest);
      await underWay;
    },
  };
}
