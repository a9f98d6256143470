/** A change of the table as its stream tells it, and as Lambda passes it on. */
import type { DynamoDBRecord, AttributeValue as StreamValue } from 'aws-lambda';
import { tableDefinition } from '../../functions/dynamo/table-definition.ts';
import type { WireItem } from './attribute-values.ts';
import type { ItemName } from './normal-item.ts';

export interface TableChange {
  readonly name: ItemName;
  readonly before: WireItem | undefined;
  readonly after: WireItem | undefined;
  /** Position in the stream, rising for each item. */
  readonly sequence: string;
  readonly atMs: number;
  /** Removed by the table itself, because its time was over. */
  readonly isExpiry: boolean;
}

const { partitionKey, sortKey, streamViewType } = tableDefinition;
const expiryIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

export function toStreamRecord(change: TableChange): DynamoDBRecord {
  const { name, before, after, sequence, atMs, isExpiry } = change;
  return {
    eventID: `${sequence}@${name.pk}`,
    eventName: after ? (before ? 'MODIFY' : 'INSERT') : 'REMOVE',
    eventSource: 'aws:dynamodb',
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(atMs / 1000),
      Keys: { [partitionKey]: { S: name.pk }, [sortKey]: { S: name.sk } },
      SequenceNumber: sequence,
      StreamViewType: streamViewType,
      ...(before ? { OldImage: toImage(before) } : {}),
      ...(after ? { NewImage: toImage(after) } : {}),
    },
    ...(isExpiry ? { userIdentity: expiryIdentity } : {}),
  };
}

/** Events travel as JSON, in which bytes are base64. */
function toImage(item: WireItem): Record<string, StreamValue> {
  const isPlain = Object.values(item).every(({ B, L, M }) => !(B || L || M));
  if (isPlain) return item as Record<string, StreamValue>;
  const json = JSON.stringify(item, (_name, value: unknown) => asBase64(value));
  return JSON.parse(json) as Record<string, StreamValue>;
}

/** A Buffer comes here as what its own `toJSON` makes of it. */
function asBase64(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data).toString('base64') : value;
}
