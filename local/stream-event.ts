/** Turns records of DynamoDB Local into the event that Lambda would send. */
import type { _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { limits } from '../functions/rules/limits.ts';

/**
 * The event of a mapping with a tumbling window, which the types leave out.
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
const generationSeconds = limits.generationHours * 3600;
/** What AWS sets on the removal of an expired item. */
const expiryIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

/** The event as JSON text, as it travels: binary values are base64. */
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
 * Groups records by a made-up shard for each four hours, as long as AWS keeps one.
 *
 * DynamoDB Local keeps a stream over a restart, with the same shard and rising numbers. But at a start it
 * drops records older than a day, and if none is left it numbers from 1 again, in the same shard. AWS
 * never does that, and cells would take such records for old ones, since their marks are higher.
 * Within four hours no number comes twice. The name follows from the record alone, so every reader of
 * the stream gives it the same name. As in AWS, the name carries a time. The fold drops a shard's marks
 * 30 hours after it, when the engine no longer has records of those four hours.
 */
export function groupByGeneration(
  shardId: string,
  records: readonly EngineRecord[],
): Map<string, EngineRecord[]> {
  const ownName = shardId.split('-').at(-1);
  return Map.groupBy(records, (record) => {
    const generation = Math.floor(createdAtSeconds(record) / generationSeconds);
    return `shardId-${String(generation * generationSeconds * 1000).padStart(20, '0')}-${ownName}`;
  });
}

/** When the record was made, in epoch seconds; the engine rounds down to the minute. */
function createdAtSeconds({ dynamodb }: EngineRecord): number {
  return Math.floor((dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0) / 1000);
}

/** The record in Lambda's form; binary values are still bytes. */
function toLambdaRecord(record: EngineRecord, streamArn: string) {
  const { dynamodb, userIdentity: _, eventName, ...rest } = record;
  // The engine calls an expiry by an event name of its own, which the SDK does not know.
  const isExpiry = !isLambdaEventName(eventName);
  return {
    ...rest,
    eventName: isExpiry ? 'REMOVE' : eventName,
    eventSourceARN: streamArn,
    dynamodb: {
      ...dynamodb,
      // AWS rounds down to the second, so no removal is dated before the item's expiry. The engine
      // rounds down to the minute; the last second of that minute keeps this true.
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
