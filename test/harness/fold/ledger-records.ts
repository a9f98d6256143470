/** Stream records of ledger items as Lambda delivers them, made from items as the store writes them. */

import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord, AttributeValue as StreamValue } from 'aws-lambda';
import { cellItemKey, memberItemKey, tokenItemKey } from '../../../functions/dynamo/item-keys.ts';
import { tokenFormItem } from '../../../functions/dynamo/register-items.ts';
import type { Fact, TokenKey } from '../../../functions/store/register-store.ts';
import { anyonesToken } from '../counts/anyones-token.ts';

export type Item = Readonly<Record<string, unknown>>;
export type WireImage = Record<string, StreamValue>;

/** Where the tests' functions run. */
export const here = 'eu-central-1';

/** DynamoDB Local deletes what has expired by the real clock, so the tests' time is far ahead of it. */
export const nowMs = Date.UTC(2096, 1, 29, 9, 30);
export const nowSeconds = nowMs / 1000;

export const windows = { all: '-', day: '2096-02-29', hour: '2096-02-29T09Z' } as const;

/** The id of a stream shard that was made so long ago. */
export const streamShard = (name: string, agoMs = 3_600_000): string =>
  `shardId-${String(nowMs - agoMs).padStart(20, '0')}-${name}`;

let tokensMade = 0;

/** A token of 1 for `post-42/views`, in all of its windows, which nobody has sent before. */
export function tokenOf(parts: Partial<Fact & TokenKey> = {}): Item {
  const {
    subject = 'post-42',
    counter = 'views',
    token = anyonesToken(`token-${tokensMade++}`),
    ...fact
  } = parts;
  return {
    ...tokenItemKey({ subject, counter, token }),
    ...tokenFormItem({
      form: 'fact',
      amount: 1,
      fingerprint: 'add 1',
      region: here,
      windows: Object.values(windows),
      acceptedAtMs: nowMs,
      expiresAt: nowSeconds + 25 * 3600,
      ...fact,
    }),
  };
}

/** A claim of `post-42/views`, which its register counts. */
export const claimOf = (): Item => ({
  ...tokenItemKey({
    subject: 'post-42',
    counter: 'views',
    token: anyonesToken(`token-${tokensMade++}`),
  }),
  ...tokenFormItem({
    form: 'claim',
    fingerprint: 'add 1',
    region: here,
    windows: Object.values(windows),
    claimedAtMs: nowMs,
    shard: 0,
    expiresAt: nowSeconds + 25 * 3600,
  }),
});

/**
 * The cell of `post-42/views` that its writers add to.
 *
 * @param direct the sum of direct changes
 */
export const cellOf = (direct: number, { count = direct, region = here } = {}): Item => ({
  ...cellItemKey({ subject: 'post-42', counter: 'views', region, shard: 0, window: windows.all }),
  n: count,
  d: direct,
  w: 'd',
  k: [windows.day, windows.hour],
});

/** What a member of `post-42/reactions` says. */
export const choiceOf = (member: string, choice: string): Item => ({
  ...memberItemKey({ subject: 'post-42', counter: 'reactions', member }),
  c: choice,
  r: here,
});

/** A viewer of `post-42/viewers` that was last heard of in this bucket. */
export const beatOf = (member: string, bucket: string, expiresAt: number): Item => ({
  ...memberItemKey({ subject: 'post-42', counter: 'viewers', member }),
  b: bucket,
  r: here,
  x: expiresAt,
});

export const inserted = (item: Item): DynamoDBRecord => recordOf({ after: item });
export const replaced = (before: Item, after: Item): DynamoDBRecord => recordOf({ before, after });
export const removed = (item: Item, atSeconds = nowSeconds): DynamoDBRecord =>
  recordOf({ before: item, atSeconds });

function recordOf(change: { before?: Item; after?: Item; atSeconds?: number }): DynamoDBRecord {
  const { before, after, atSeconds = nowSeconds } = change;
  const { pk, sk } = after ?? before ?? {};
  return wireRecord({
    ApproximateCreationDateTime: atSeconds,
    Keys: toWire({ pk, sk }),
    ...(before ? { OldImage: toWire(before) } : {}),
    ...(after ? { NewImage: toWire(after) } : {}),
  });
}

/** A record that says just this, in place after those that were made before it. */
export const wireRecord = (dynamodb: NonNullable<DynamoDBRecord['dynamodb']>): DynamoDBRecord => ({
  eventSource: 'aws:dynamodb',
  eventName: dynamodb.NewImage ? (dynamodb.OldImage ? 'MODIFY' : 'INSERT') : 'REMOVE',
  dynamodb: {
    SequenceNumber: nextSequence(),
    StreamViewType: 'NEW_AND_OLD_IMAGES',
    ...dynamodb,
  },
});

/** Beyond what a JavaScript number can hold, and soon a digit longer. */
let lastSequence = 99_999_999_999_999_999_979n;
const nextSequence = (): string => String(++lastSequence);

const toWire = (item: Item): WireImage => marshall({ ...item }) as WireImage;
