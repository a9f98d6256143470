/** Where each kind of item lives in the table. `#` separates key parts and occurs in no name. */
import { createHash } from 'node:crypto';
import type { CellKey, Token } from '../store/counter-store.ts';
import type { MemberKey } from '../store/member-store.ts';
import type { SketchKey } from '../store/sketch-store.ts';
import type { Subscription } from '../store/subscription-store.ts';
import type { BookKey } from '../store/ticket-store.ts';

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

export const cellItemKey = (key: CellKey): ItemKey => ({
  pk: `c#${key.subject}#${key.counter}#${key.region}#${key.shard}`,
  sk: key.window,
});

export const settingsItemKey = (subject: string): ItemKey => ({ pk: `s#${subject}`, sk: '-' });

/** What a member says in a counter, which the fold counts. */
export const memberItemKey = ({ subject, counter, member }: MemberKey): ItemKey => ({
  pk: `m#${subject}#${counter}#${member}`,
  sk: '-',
});

/** A page of the registers of a sketch. */
export const sketchItemKey = (
  { subject, counter, region, window }: SketchKey,
  page: number,
): ItemKey => ({ pk: `h#${subject}#${counter}#${region}#${page}`, sk: window });

export const userKey = (user: string): string => `u#${user}`;

export const subscriptionItemKey = (
  user: string,
  { subject, counter }: Pick<Subscription, 'subject' | 'counter'>,
): ItemKey => ({ pk: userKey(user), sk: `${subject}#${counter}` });

/** The secret of the deployment. */
export const secretItemKey: ItemKey = { pk: 'p#secret', sk: '-' };

/** All API keys are together, so that they can be listed; what is read of them is remembered. */
export const apiKeysPartition = 'k#';
export const apiKeyItemKey = (id: string): ItemKey => ({ pk: apiKeysPartition, sk: id });

type TokenName = Pick<Token, 'subject' | 'counter' | 'token'>;

/** The fact that a token stands for, which the fold counts. */
export const tokenItemKey = (name: TokenName): ItemKey => ({ pk: `e#${hashed(name)}`, sk: '-' });

/** What a token is used for in a book of tickets, which nothing counts. */
export const claimItemKey = (name: TokenName): ItemKey => ({ pk: `i#${hashed(name)}`, sk: '-' });

export const bookItemKey = ({ subject, counter, day }: BookKey): ItemKey => ({
  pk: `t#${subject}#${counter}`,
  sk: day,
});

/** A page that left its book. */
export const bookPageItemKey = (book: BookKey, page: number): ItemKey => ({
  pk: bookItemKey(book).pk,
  sk: `${book.day}#${page}`,
});

/**
 * A token is hashed together with what it is used on: 128 bits of SHA-256, so that keys stay short
 * whatever callers send, and the table never holds a caller's own string.
 */
export function tokenHash({ subject, counter, token }: TokenName): string {
  const digest = createHash('sha256').update(`${subject}#${counter}#${token}`).digest();
  return digest.subarray(0, 16).toString('base64url');
}

const hashed = (name: TokenName): string => `${name.subject}#${name.counter}#${tokenHash(name)}`;
