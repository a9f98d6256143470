/**
 * Stands in for the table's stream where a test decides when changes are folded. It finds the ledger
 * items that are new in the table, and the cells that were changed directly, and hands them to the
 * real stream handler as Lambda would. It also delivers the last batch once more, because Lambda
 * delivers at least once.
 */
import { randomUUID } from 'node:crypto';
import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord, AttributeValue as StreamValue } from 'aws-lambda';
import { cellAttributes } from '../../functions/dynamo/attributes.ts';
import type { DynamoClients } from '../../functions/dynamo/dynamo-clients.ts';
import { itemPrefixes } from '../../functions/dynamo/item-prefixes.ts';
import type { createStreamFunction } from '../../functions/stream/stream-function.ts';

export type WireItem = Record<string, AttributeValue>;

/** Sequence numbers do not fit in a JavaScript number, and grow in length. */
const firstSequence = 99_999_999_999_999_999_990n;

/** A cell after a direct change, and how much that has added to its sum of them. */
export interface DirectChange {
  readonly cell: WireItem;
  readonly amount: bigint;
}

export interface LedgerDelivery {
  /** Takes down a direct change of a cell, as a client saw it. */
  note(change: DirectChange): void;
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
  /** What the direct changes of each cell came to when they were last delivered. */
  const directSums = new Map<string, bigint>();
  let noted: DynamoDBRecord[] = [];
  let lastBatch: readonly DynamoDBRecord[] = [];
  let sequence = firstSequence;
  const shardId = `shardId-${String(now()).padStart(20, '0')}-${randomUUID().slice(0, 8)}`;

  function toRecord(item: WireItem, OldImage?: WireItem): DynamoDBRecord {
    const { pk, sk } = item;
    return {
      eventID: randomUUID(),
      eventName: OldImage ? 'MODIFY' : 'INSERT',
      eventSource: 'aws:dynamodb',
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(now() / 1000),
        Keys: { pk: { S: String(pk?.S) }, sk: { S: String(sk?.S) } },
        NewImage: item as Record<string, StreamValue>,
        ...(OldImage && { OldImage: OldImage as Record<string, StreamValue> }),
        SequenceNumber: String(++sequence),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    };
  }

  function note({ cell, amount }: DirectChange): void {
    const name = nameOf(cell);
    directSums.set(name, (directSums.get(name) ?? 0n) + amount);
    noted.push(toRecord(cell, { ...cell, [direct]: { N: String(directSum(cell) - amount) } }));
  }

  /** What nobody has noted: its reply was lost, or another Tally wrote it. */
  function noteRest(cell: WireItem): void {
    const amount = directSum(cell) - (directSums.get(nameOf(cell)) ?? 0n);
    if (amount !== 0n) note({ cell, amount });
  }

  return {
    note,
    async deliver() {
      const items = await scanTable({ client, tableName });
      const tokens = items.filter(
        ({ pk }) => pk?.S?.startsWith(itemPrefixes.token) && !delivered.has(pk.S),
      );
      for (const { pk } of tokens) delivered.add(String(pk?.S));
      for (const cell of items.filter(isFollowedCell)) noteRest(cell);
      const fresh = [...tokens.map((token) => toRecord(token)), ...noted];
      noted = [];
      const Records = [...lastBatch, ...fresh];
      if (Records.length > 0) await handler({ Records, shardId });
      lastBatch = fresh;
    },
  };
}

const { direct, otherWindows } = cellAttributes;

const nameOf = ({ pk, sk }: WireItem): string => `${pk?.S} ${sk?.S}`;

const directSum = (cell: WireItem): bigint => BigInt(cell[direct]?.N ?? 0);

/** Whether other windows follow a cell. */
const isFollowedCell = (item: WireItem): boolean =>
  String(item.pk?.S).startsWith(itemPrefixes.cell) && item[otherWindows] !== undefined;

/** Calls back for every direct change of a cell that these clients make. */
export function watchDirectChanges(
  { once }: DynamoClients,
  onChange: (change: DirectChange) => void,
): void {
  const send = once.send.bind(once) as (command: object) => Promise<{ Attributes?: object }>;
  once.send = (async (command: object) => {
    const output = await send(command);
    const input = command instanceof UpdateCommand ? command.input : undefined;
    const isDirect = input?.UpdateExpression?.includes(`${direct} :`);
    const values = (isDirect && input?.ExpressionAttributeValues) || {};
    const amount: unknown = values[':add'] ?? values[':amount'];
    const cell = marshall(output.Attributes ?? {}, { removeUndefinedValues: true });
    const isNumber = typeof amount === 'number' || typeof amount === 'bigint';
    if (isNumber && isFollowedCell(cell)) onChange({ cell, amount: BigInt(amount) });
    return output;
  }) as typeof once.send;
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
