/** Where each kind of item lives in the table. `#` separates key parts; names are escaped, so that it occurs in none. */
import { createHash } from 'node:crypto';
import type { AllowanceKey, CallerAllowance } from '../store/allowance-store.ts';
import type { CellKey } from '../store/cell-store.ts';
import type { GrowthKey } from '../store/fold-store.ts';
import type { MemberKey } from '../store/member-store.ts';
import type { BookKey, EntryKey, RegisterKey, TokenKey } from '../store/register-store.ts';
import type { SketchKey } from '../store/sketch-store.ts';
import type { Subscription } from '../store/subscription-store.ts';
import type { WatchKey } from '../store/watch-store.ts';
import { escapeName } from './escape-name.ts';
import {
  apiKeysPartition,
  apiKeyUsesPartition,
  failedBatchesPartition,
  itemPrefixes,
  secretPartition,
} from './item-prefixes.ts';

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

export const cellItemKey = (key: CellKey): ItemKey => ({
  pk: `${itemPrefixes.cell}${escapeName(key.subject)}#${key.counter}#${key.region}#${key.shard}`,
  sk: key.window,
});

/** The history of shard counts of a counter that has no window `all` to keep it on. */
export const growthItemKey = ({
  subject,
  counter,
  region,
}: Pick<GrowthKey, 'subject' | 'counter' | 'region'>): ItemKey => ({
  pk: `${itemPrefixes.growth}${escapeName(subject)}#${counter}#${region}`,
  sk: '-',
});

/** Listeners of each region are told by its own functions, which agree among themselves. */
export const watchItemKey = ({ subject, counter, region }: WatchKey): ItemKey => ({
  pk: `${itemPrefixes.watch}${escapeName(subject)}#${counter}`,
  sk: region,
});

/** @param batch the name of its object in the failure bucket */
export const failedBatchItemKey = (batch: string): ItemKey => ({
  pk: failedBatchesPartition,
  sk: batch,
});

export const settingsItemKey = (subject: string): ItemKey => ({
  pk: `${itemPrefixes.settings}${escapeName(subject)}`,
  sk: '-',
});

export const memberItemKey = ({ subject, counter, member }: MemberKey): ItemKey => ({
  pk: `${itemPrefixes.member}${escapeName(subject)}#${counter}#${escapeName(member)}`,
  sk: '-',
});

export const sketchBlockItemKey = (
  { subject, counter, region, window }: SketchKey,
  block: number,
): ItemKey => ({
  pk: `${itemPrefixes.sketchBlock}${escapeName(subject)}#${counter}#${region}#${block}`,
  sk: window,
});

export const userPartition = (user: string): string =>
  `${itemPrefixes.subscription}${escapeName(user)}`;

export const subscriptionItemKey = (
  user: string,
  { subject, counter }: Pick<Subscription, 'subject' | 'counter'>,
): ItemKey => ({ pk: userPartition(user), sk: `${escapeName(subject)}#${counter}` });

export const secretItemKey: ItemKey = { pk: secretPartition, sk: '-' };

export const deploymentsItemKey: ItemKey = { pk: itemPrefixes.deployments, sk: '-' };

/**
 * Each region has allowances of its own: takes in two regions would overwrite each other. What callers
 * are called, such as their addresses, is not in the table.
 */
export const allowanceItemKey = (key: AllowanceKey): ItemKey => ({
  pk:
    'limit' in key
      ? `${itemPrefixes.callerAllowance}${key.limit}#${callerHash(key)}`
      : `${itemPrefixes.allowance}${key.subject}#${key.counter}`,
  sk: key.region,
});

export const callerHash = ({ caller }: Pick<CallerAllowance, 'caller'>): string =>
  digestOf(caller).subarray(0, 16).toString('base64url');

export const apiKeyItemKey = (id: string): ItemKey => ({ pk: apiKeysPartition, sk: id });

export const apiKeyUseItemKey = (id: string): ItemKey => ({ pk: apiKeyUsesPartition, sk: id });

export const tokenItemKey = (name: TokenKey): ItemKey => ({
  pk: `${itemPrefixes.token}${hashed(name)}`,
  sk: '-',
});

export const bookItemKey = ({ subject, counter, day }: BookKey): ItemKey => ({
  pk: `${itemPrefixes.book}${escapeName(subject)}#${counter}`,
  sk: day,
});

/** A register is a cell, or a book of tickets. */
export const registerItemKey = (key: RegisterKey): ItemKey =>
  'shard' in key ? cellItemKey(key) : bookItemKey(key);

/** Digits of a cut-off in ms: as text it sorts as it does as a number. */
const cutOffDigits = 15;

/** A page of a register: entries that were claimed before its cut-off. */
export function pageItemKey(key: RegisterKey, cutOffMs: number): ItemKey {
  const { pk, sk } = registerItemKey(key);
  return { pk, sk: `${sk}#${String(cutOffMs).padStart(cutOffDigits, '0')}` };
}

/** Whether the sort key of a cell or book is of a page. */
export const isPageKey = (sk: string): boolean => sk.includes('#');

/** 72 bits: an item holds some dozens of them, and a page some more. */
export const entryName = ({ claimedAtMs, ...token }: EntryKey): string =>
  digestOf(`${nameOf(token)}#${claimedAtMs}`)
    .subarray(0, 9)
    .toString('base64url');

/**
 * The hash of a token, its sender and the counter it is used on: 128 bits of SHA-256. So item keys stay short
 * whatever callers send, and the table never holds a caller's own string.
 */
export const tokenHash = (name: TokenKey): string =>
  digestOf(nameOf(name)).subarray(0, 16).toString('base64url');

/** A token may have a `#`, but it is the last part. */
const nameOf = ({ subject, counter, token: { sender, text } }: TokenKey): string =>
  `${escapeName(subject)}#${counter}#${escapeName(sender)}#${text}`;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

const hashed = (name: TokenKey): string =>
  `${escapeName(name.subject)}#${name.counter}#${tokenHash(name)}`;
