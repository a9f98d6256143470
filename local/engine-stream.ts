/** Reads the stream of a table of DynamoDB Local, shard by shard. */
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  type _Record as EngineRecord,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorInput,
  ListStreamsCommand,
  type Shard,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import type { Position } from './stream-positions.ts';

/** An engine that does not answer is asked again; the SDK alone would wait without end. */
const requestTimeoutMs = 5_000;

export interface EngineStream {
  readonly arn: string;
  /** Parents come before their children. */
  listShards(): Promise<Shard[]>;
  /** An iterator behind this position, or at the beginning if there is none or its record is gone. */
  openShard(shardId: string, position: Position | undefined): Promise<string>;
  /** `next` is undefined when the shard is closed and read to its end. */
  read(iterator: string, limit: number): Promise<StreamPage>;
}

export interface StreamPage {
  readonly records: readonly EngineRecord[];
  readonly next: string | undefined;
}

/**
 * Region and credentials come from the environment, as everywhere.
 * @throws if the engine does not answer or the table has no stream
 */
export async function findEngineStream(endpoint: string, tableName: string): Promise<EngineStream> {
  const client = new DynamoDBStreamsClient({
    endpoint,
    maxAttempts: 1,
    requestHandler: { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  });
  const { Streams } = await client.send(new ListStreamsCommand({ TableName: tableName }));
  const StreamArn = Streams?.at(-1)?.StreamArn;
  if (StreamArn === undefined) throw new Error(`The table ${tableName} has no stream.`);

  async function listShards(): Promise<Shard[]> {
    const shards: Shard[] = [];
    let ExclusiveStartShardId: string | undefined;
    do {
      const { StreamDescription } = await client.send(
        new DescribeStreamCommand({ StreamArn, ExclusiveStartShardId }),
      );
      shards.push(...(StreamDescription?.Shards ?? []));
      ExclusiveStartShardId = StreamDescription?.LastEvaluatedShardId;
    } while (ExclusiveStartShardId !== undefined);
    // An id begins with the time of its creation, and a child is created after its parent.
    return shards.toSorted((a, b) => ((a.ShardId ?? '') < (b.ShardId ?? '') ? -1 : 1));
  }

  async function openShard(ShardId: string, position: Position | undefined): Promise<string> {
    const isThere = position !== undefined && (await holds(ShardId, position));
    return isThere
      ? iterator({
          ShardId,
          ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
          SequenceNumber: position.sequence,
        })
      : iterator({ ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  }

  async function holds(ShardId: string, { sequence, eventId }: Position): Promise<boolean> {
    try {
      const at = await iterator({
        ShardId,
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        SequenceNumber: sequence,
      });
      const { records } = await read(at, 1);
      return records[0]?.eventID === eventId;
    } catch (error) {
      if (error instanceof TrimmedDataAccessException) return false;
      throw error;
    }
  }

  async function iterator(place: Omit<GetShardIteratorInput, 'StreamArn'>): Promise<string> {
    const { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamArn, ...place }),
    );
    if (ShardIterator === undefined) throw new Error('The engine answered without an iterator.');
    return ShardIterator;
  }

  async function read(ShardIterator: string, Limit: number): Promise<StreamPage> {
    const { Records = [], NextShardIterator } = await client.send(
      new GetRecordsCommand({ ShardIterator, Limit }),
    );
    return { records: Records, next: NextShardIterator };
  }

  return { arn: StreamArn, listShards, openShard, read };
}

/** An iterator expires while a laptop sleeps; its shard is then opened again. */
export function isStaleIterator(error: unknown): boolean {
  return error instanceof ExpiredIteratorException || error instanceof TrimmedDataAccessException;
}
