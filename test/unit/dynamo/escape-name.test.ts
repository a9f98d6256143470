import { marshall } from '@aws-sdk/util-dynamodb';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { channelOf } from '../../../functions/counters/live.ts';
import { memberAttributes } from '../../../functions/dynamo/attributes.ts';
import { escapeName, unescapeName } from '../../../functions/dynamo/escape-name.ts';
import * as itemKeys from '../../../functions/dynamo/item-keys.ts';
import { parseStreamRecord } from '../../../functions/dynamo/stream-records.ts';
import { isName } from '../../../functions/rules/names.ts';

/** Few characters, so that names, and beginnings of them, meet often. */
const name = fc
  .string({ unit: fc.constantFrom('a', '#', '-', '_', '@', '|'), minLength: 1, maxLength: 5 })
  .filter(isName);
const counter = fc.constantFrom('a', 'b');

describe('an escaped name', () => {
  test('is read back as it was, whatever it has', () => {
    fc.assert(fc.property(fc.string(), (text) => unescapeName(escapeName(text)) === text));
    const nearlyEscaped = fc.string({ unit: fc.constantFrom('#', '%', '2', '3', '5') });
    fc.assert(fc.property(nearlyEscaped, (text) => unescapeName(escapeName(text)) === text));
  });

  test('has no character that separates the parts of a key', () => {
    fc.assert(fc.property(fc.string(), (text) => !escapeName(text).includes('#')));
  });

  test('is written as it is without such a character', () => {
    for (const usual of ['post-42', '-NxYz0123', '_V1StGXR8', 'ana@example.com', 'auth0|62b1']) {
      expect(escapeName(usual)).toBe(usual);
    }
  });
});

describe('two different things', () => {
  const thing = fc.record({
    subject: name,
    counter,
    member: name,
    user: name,
    sender: name,
    token: name,
  });
  type Thing = typeof thing extends fc.Arbitrary<infer T> ? T : never;

  const tokenKeyOf = ({ sender, token: text, ...it }: Thing) => ({
    ...it,
    token: { text, sender },
  });

  const keysOf: Readonly<Record<string, readonly [(it: Thing) => unknown, (keyof Thing)[]]>> = {
    member: [itemKeys.memberItemKey, ['subject', 'counter', 'member']],
    token: [
      (it) => itemKeys.tokenItemKey(tokenKeyOf(it)),
      ['subject', 'counter', 'sender', 'token'],
    ],
    entry: [
      (it) => itemKeys.entryName({ ...tokenKeyOf(it), claimedAtMs: 1 }),
      ['subject', 'counter', 'sender', 'token'],
    ],
    subscription: [
      (it) => itemKeys.subscriptionItemKey(it.user, it),
      ['user', 'subject', 'counter'],
    ],
    cell: [
      (it) => itemKeys.cellItemKey({ ...it, region: 'local', shard: 0, window: '-' }),
      ['subject', 'counter'],
    ],
    watch: [(it) => itemKeys.watchItemKey({ ...it, region: 'local' }), ['subject', 'counter']],
    growth: [(it) => itemKeys.growthItemKey({ ...it, region: 'local' }), ['subject', 'counter']],
    sketch: [
      (it) => itemKeys.sketchBlockItemKey({ ...it, region: 'local', window: '-' }, 0),
      ['subject', 'counter'],
    ],
    channel: [(it) => channelOf(Buffer.alloc(32), it), ['subject', 'counter']],
    settings: [(it) => itemKeys.settingsItemKey(it.subject), ['subject']],
    book: [(it) => itemKeys.bookItemKey({ ...it, day: '2096-02-28' }), ['subject', 'counter']],
  };

  test.each(Object.entries(keysOf))(
    'never share an item, whatever they are called: %s',
    (_, [keyOf, parts]) => {
      fc.assert(
        fc.property(thing, thing, (one, other) => {
          const isSame = parts.every((part) => one[part] === other[part]);
          const [key, otherKey] = [one, other].map((it) => JSON.stringify(keyOf(it)));
          expect(key === otherKey).toBe(isSame);
        }),
      );
    },
  );
});

test('the channel of a counter is one that AppSync takes, whatever its subject is called', () => {
  fc.assert(
    fc.property(name, counter, (subject, listened) => {
      const channel = channelOf(Buffer.alloc(32), { subject, counter: listened });
      expect(channel).toMatch(/^(?:\/[A-Za-z0-9-]{1,50}){1,5}$/);
    }),
  );
});

test('the fold counts for the subject and part that a change was made for, whatever they are called', () => {
  fc.assert(
    fc.property(name, name, (subject, member) => {
      const record = parseStreamRecord(
        {
          dynamodb: {
            Keys: marshall(itemKeys.memberItemKey({ subject, counter: 'poll', member })) as never,
            NewImage: marshall({
              [memberAttributes.choice]: 'yes',
              [memberAttributes.region]: 'local',
            }) as never,
            SequenceNumber: '1',
          },
        },
        'local',
      );
      expect(record).toMatchObject({
        kind: 'ledger',
        change: { after: { subject } },
        malformedImages: 0,
      });
    }),
  );
});
