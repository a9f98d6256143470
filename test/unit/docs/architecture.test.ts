import { describe, expect, test } from 'vitest';
import { attributePrefixes, itemAttributes } from '../../../functions/dynamo/attributes.ts';
import {
  allowanceItemKey,
  apiKeyItemKey,
  apiKeyUseItemKey,
  bookItemKey,
  callerHash,
  cellItemKey,
  deploymentsItemKey,
  failedBatchItemKey,
  growthItemKey,
  type ItemKey,
  memberItemKey,
  pageItemKey,
  secretItemKey,
  settingsItemKey,
  sketchBlockItemKey,
  subscriptionItemKey,
  tokenHash,
  tokenItemKey,
  watchItemKey,
} from '../../../functions/dynamo/item-keys.ts';
import { type ItemKind, itemPrefixes } from '../../../functions/dynamo/item-prefixes.ts';
import { anyonesToken } from '../../harness/counts/anyones-token.ts';
import { readItemTables } from '../../harness/docs/item-tables.ts';

const { items, attributes } = readItemTables();
const kinds = Object.keys(itemPrefixes) as ItemKind[];

/** Keys whose parts are called what they are, with numbers that stand for a part. */
const subject = 'subject';
const counter = 'counter';
const region = 'region';
const caller = 'caller';
const window = 'window';
const [shard, block, cutOff] = [101, 102, 103];
const cell = { subject, counter, region, shard, window };
const token = { subject, counter, token: anyonesToken('token') };
const book = { subject, counter, day: 'day' };
const keys: Record<ItemKind, ItemKey> = {
  cell: cellItemKey(cell),
  growth: growthItemKey({ subject, counter, region }),
  watch: watchItemKey({ subject, counter, region }),
  failedBatch: failedBatchItemKey('batch'),
  token: tokenItemKey(token),
  member: memberItemKey({ subject, counter, member: 'member' }),
  book: bookItemKey(book),
  cellPage: pageItemKey(cell, cutOff),
  bookPage: pageItemKey(book, cutOff),
  sketchBlock: sketchBlockItemKey({ subject, counter, region, window }, block),
  subscription: subscriptionItemKey('user', { subject, counter }),
  settings: settingsItemKey(subject),
  apiKey: apiKeyItemKey('id'),
  apiKeyUse: apiKeyUseItemKey('id'),
  secret: secretItemKey,
  deployments: deploymentsItemKey,
  allowance: allowanceItemKey({ subject, counter, region }),
  callerAllowance: allowanceItemKey({ limit: 'limit', caller, region }),
};
const spelledOut = (key: string) =>
  key
    .replace(tokenHash(token), 'hash')
    .replace(callerHash({ caller }), 'hash')
    .replace(String(shard), 'shard')
    .replace(String(block), 'block')
    .replace(String(cutOff).padStart(15, '0'), 'cut-off');

test('the item table has every kind of item, its prefix and its keys, and no other', () => {
  const rows = kinds.map((kind) => {
    const { pk, sk } = keys[kind];
    return [kind, { prefix: itemPrefixes[kind], pk: spelledOut(pk), sk: spelledOut(sk) }];
  });
  expect(items).toEqual(Object.fromEntries(rows));
});

describe.each(kinds)('the attributes of a %s', (kind) => {
  const fixed: Readonly<Record<string, string>> = itemAttributes[kind];
  const families: Readonly<Record<string, string>> =
    kind in attributePrefixes ? attributePrefixes[kind as keyof typeof attributePrefixes] : {};

  test('are those in its table, and no other', () => {
    const made = Object.entries(families).map(([name, prefix]) => [name, `${prefix}…`]);
    expect(attributes[kind]).toEqual({ ...fixed, ...Object.fromEntries(made) });
  });

  test('have one letter each, which means nothing else in the item', () => {
    const letters = [...Object.values(fixed), ...Object.values(families)];
    expect(new Set(letters).size).toBe(letters.length);
    for (const letter of letters) expect(letter).toMatch(/^[a-z.-]$/);
  });
});

test('every kind of item that has a table of attributes is one', () => {
  expect(Object.keys(attributes).toSorted()).toEqual(kinds.toSorted());
});

test('every key begins with the prefix of its kind, and no two kinds share one but registers and their pages', () => {
  for (const kind of kinds) expect(keys[kind].pk.startsWith(itemPrefixes[kind])).toBe(true);
  expect(new Set(Object.values(itemPrefixes)).size).toBe(kinds.length - 2);
});
