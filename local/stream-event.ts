/** Turns records as DynamoDB Local hands them out into the event that Lambda would send. */
import type { _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';

/**
 * A stream event of a mapping that has a tumbling window: the types leave the window out.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
 */
export interface StreamWindowEvent extends DynamoDBStreamEvent {
  readonly window: { readonly start: string; readonly end: string };
  readonly state: Record<string, unknown>;
  readonly shardId: string;
  readonly eventSourceARN: string;
  readonly isFinalInvokeForWindow: boolean;
  readonly isWindowTerminatedEarly: boolean;
}

export interface Batch {
  readonly streamArn: string;
  readonly shardId: string;
  readonly records: readonly EngineRecord[];
}

const windowSeconds = 60;
const daySeconds = 86_400;
/** What AWS sets on the removal of an expired item. */
const expiryIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

/** The event as it travels: JSON text, in which binary values are base64. */
export function toEventJson({ streamArn, shardId, records }: Batch): string {
  const startSeconds = records[0] ? createdAtSeconds(records[0]) : 0;
  const event = {
    Records: records.map((record) => toLambdaRecord(record, streamArn)),
    window: { start: isoTime(startSeconds), end: isoTime(startSeconds + windowSeconds) },
    state: {},
    shardId,
    eventSourceARN: streamArn,
    isFinalInvokeForWindow: false,
    isWindowTerminatedEarly: false,
  };
  return JSON.stringify(event, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
}

/**
 * Records by the shard that they are passed off as: one for each day.
 *
 * DynamoDB Local keeps a stream over a restart: same shard, numbers going on. But when it starts it
 * forgets records older than a day, and if none is left it numbers from 1 again, in the same shard.
 * Cells would take such records for old ones, since their watermarks are higher; AWS never does that.
 * Within a day no number comes twice. And since the name follows from the record alone, every reader of
 * the stream gives it the same name. As in AWS, the name carries a time, two days after
 * which the fold drops its watermarks: the engine hands out no record of that day by then.
 */
export function groupByDay(
  shardId: string,
  records: readonly EngineRecord[],
): Map<string, EngineRecord[]> {
  const ownName = shardId.split('-').at(-1);
  return Map.groupBy(records, (record) => {
    const day = Math.floor(createdAtSeconds(record) / daySeconds);
    return `shardId-${String(day * daySeconds * 1000).padStart(20, '0')}-${ownName}`;
  });
}

/** When the engine says that the record was made: epoch seconds, rounded down to the minute. */
function createdAtSeconds({ dynamodb }: EngineRecord): number {
  return Math.floor((dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0) / 1000);
}

/** The same record as Lambda would pass it on; binary values are still bytes. */
function toLambdaRecord(record: EngineRecord, streamArn: string) {
  const { dynamodb, userIdentity: _, eventName, ...rest } = record;
  // The engine has an event of its own for expiry, which the SDK does not know.
  const isExpiry = !isLambdaEventName(eventName);
  return {
    ...rest,
    eventName: isExpiry ? 'REMOVE' : eventName,
    eventSourceARN: streamArn,
    dynamodb: {
      ...dynamodb,
      // AWS rounds down to the second, so an item is never removed before the time at which it was to
      // expire. The engine rounds down to the minute, so the last second of it keeps that true.
      ApproximateCreationDateTime: createdAtSeconds(record) + (isExpiry ? 59 : 0),
    },
    ...(isExpiry ? { userIdentity: expiryIdentity } : {}),
  };
}

function isLambdaEventName(name: string | undefined): name is DynamoDBRecord['eventName'] & string {
  return name === 'INSERT' || name === 'MODIFY' || name === 'REMOVE';
}

const isoTime = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
