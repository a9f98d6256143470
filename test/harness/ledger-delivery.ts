/**
 * Stands in for the table's stream where a test decides when changes are folded. It finds the ledger
 * items that are new in the table and hands them to the real stream handler as Lambda would. It also
 * delivers the last batch once more, because Lambda delivers at least once.
 */
import { randomUUID } from 'node:crypto';
import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord, AttributeValue as StreamValue } from 'aws-lambda';
import { itemPrefixes } from '../../functions/dynamo/item-prefixes.ts';
import type { createStreamFunction } from '../../functions/stream/stream-function.ts';

export type WireItem = Record<string, AttributeValue>;

/** Sequence numbers do not fit in a JavaScript number, and grow in length. */
const firstSequence = 99_999_999_999_999_999_990n;

export interface LedgerDelivery {
  /** Resolves when everything accepted so far is folded. */
  deliver(): Promise<void>;
}

export function createLedgerDelivery(options: {
  client: DynamoDBClient;
  tableName: string;
  handler: ReturnType<typeof createStreamFunction>;
  /** Epoch ms. */
  now: () => number;
}): LedgerDelivery {
  const { client, tableName, handler, now } = options;
  const delivered = new Set<string>();
  let lastBatch: readonly DynamoDBRecord[] = [];
  const shardId = `shardId-${String(now()).padStart(20, '0')}-${randomUUID().slice(0, 8)}`;

  function toRecord(item: WireItem): DynamoDBRecord {
    const pk = String(item.pk?.S);
    delivered.add(pk);
    return {
      eventID: randomUUID(),
      eventName: 'INSERT',
      eventSource: 'aws:dynamodb',
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(now() / 1000),
        Keys: { pk: { S: pk }, sk: { S: String(item.sk?.S) } },
        NewImage: item as Record<string, StreamValue>,
        SequenceNumber: String(firstSequence + BigInt(delivered.size)),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    };
  }

  return {
    async deliver() {
      const items = await scanTable({ client, tableName });
      const fresh = items
        .filter(({ pk }) => pk?.S?.startsWith(itemPrefixes.token) && !delivered.has(pk.S))
        .map(toRecord);
      const Records = [...lastBatch, ...fresh];
      if (Records.length > 0) await handler({ Records, shardId });
      lastBatch = fresh;
    },
  };
}

/** Every item of a table, as DynamoDB holds it. */
export async function scanTable(options: {
  client: DynamoDBClient;
  tableName: string;
}): Promise<WireItem[]> {
  const { client, tableName: TableName } = options;
  const items: WireItem[] = [];
  let ExclusiveStartKey: WireItem | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName, ConsistentRead: true, ExclusiveStartKey }),
    );
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}
