/** Where each kind of item lives in the table. `#` separates key parts and occurs in no name. */
import { createHash } from 'node:crypto';
import type { CellKey } from '../store/cell-store.ts';
import type { Token } from '../store/change-store.ts';
import type { GrowthKey } from '../store/fold-store.ts';
import type { MemberKey } from '../store/member-store.ts';
import type { SketchKey } from '../store/sketch-store.ts';
import type { Subscription } from '../store/subscription-store.ts';
import type { BookKey } from '../store/ticket-store.ts';
import type { WatchKey } from '../store/watch-store.ts';
import {
  apiKeysPartition,
  failedBatchesPartition,
  itemPrefixes,
  secretPartition,
} from './item-prefixes.ts';

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

export const cellItemKey = (key: CellKey): ItemKey => ({
  pk: `${itemPrefixes.cell}${key.subject}#${key.counter}#${key.region}#${key.shard}`,
  sk: key.window,
});

/** The history of shard counts of a counter that has no window `all` to keep it on. */
export const growthItemKey = ({
  subject,
  counter,
  region,
}: Pick<GrowthKey, 'subject' | 'counter' | 'region'>): ItemKey => ({
  pk: `${itemPrefixes.growth}${subject}#${counter}#${region}`,
  sk: '-',
});

/** Listeners of each region are told by its own functions, which agree among themselves. */
export const watchItemKey = ({ subject, counter, region }: WatchKey): ItemKey => ({
  pk: `${itemPrefixes.watch}${subject}#${counter}`,
  sk: region,
});

/** @param batch the name of its object in the failure bucket */
export const failedBatchItemKey = (batch: string): ItemKey => ({
  pk: failedBatchesPartition,
  sk: batch,
});

export const settingsItemKey = (subject: string): ItemKey => ({
  pk: `${itemPrefixes.settings}${subject}`,
  sk: '-',
});

export const memberItemKey = ({ subject, counter, member }: MemberKey): ItemKey => ({
  pk: `${itemPrefixes.member}${subject}#${counter}#${member}`,
  sk: '-',
});

export const sketchBlockItemKey = (
  { subject, counter, region, window }: SketchKey,
  block: number,
): ItemKey => ({
  pk: `${itemPrefixes.sketchBlock}${subject}#${counter}#${region}#${block}`,
  sk: window,
});

export const userPartition = (user: string): string => `${itemPrefixes.subscription}${user}`;

export const subscriptionItemKey = (
  user: string,
  { subject, counter }: Pick<Subscription, 'subject' | 'counter'>,
): ItemKey => ({ pk: userPartition(user), sk: `${subject}#${counter}` });

export const secretItemKey: ItemKey = { pk: secretPartition, sk: '-' };

export const deploymentsItemKey: ItemKey = { pk: itemPrefixes.deployments, sk: '-' };

export const apiKeyItemKey = (id: string): ItemKey => ({ pk: apiKeysPartition, sk: id });

type TokenName = Pick<Token, 'subject' | 'counter' | 'token'>;

export const tokenItemKey = (name: TokenName): ItemKey => ({
  pk: `${itemPrefixes.token}${hashed(name)}`,
  sk: '-',
});

export const claimItemKey = (name: TokenName): ItemKey => ({
  pk: `${itemPrefixes.claim}${hashed(name)}`,
  sk: '-',
});

export const bookItemKey = ({ subject, counter, day }: BookKey): ItemKey => ({
  pk: `${itemPrefixes.book}${subject}#${counter}`,
  sk: day,
});

export const bookPageItemKey = (book: BookKey, page: number): ItemKey => ({
  pk: bookItemKey(book).pk,
  sk: `${book.day}#${page}`,
});

/**
 * The hash of a token and the counter it is used on: 128 bits of SHA-256. So item keys stay short
 * whatever callers send, and the table never holds a caller's own string.
 */
export function tokenHash({ subject, counter, token }: TokenName): string {
  const digest = createHash('sha256').update(`${subject}#${counter}#${token}`).digest();
  return digest.subarray(0, 16).toString('base64url');
}

const hashed = (name: TokenName): string => `${name.subject}#${name.counter}#${tokenHash(name)}`;
