/** A record that cannot be understood must not hold up those behind it: the fold counts it and goes on. */

import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStreamRecord } from '../../../functions/dynamo/stream-records.ts';
import { anyonesToken } from '../../harness/counts/anyones-token.ts';
import { createFoldRig } from '../../harness/fold/fold-rig.ts';
import {
  here,
  inserted,
  nowSeconds,
  removed,
  replaced,
  tokenOf,
  type WireImage,
  windows,
  wireRecord,
} from '../../harness/fold/ledger-records.ts';

const goodToken = () => inserted(tokenOf({ subject: 'good', windows: ['-'] }));

/** An insert with an image as it is on the wire. */
const insertedImage = (pk: string, image: WireImage) =>
  wireRecord({ Keys: { pk: { S: pk }, sk: { S: '-' } }, NewImage: image });

const goodImage: WireImage = {
  d: { N: '1' },
  r: { S: here },
  k: { L: [{ S: '-' }] },
  x: { N: String(nowSeconds + 3600) },
};

function without(name: string): WireImage {
  const { [name]: _, ...others } = goodImage;
  return others;
}

const oddTokens: Record<string, WireImage> = {
  'with nothing in it': {},
  'without an amount': without('d'),
  'with text for an amount': { ...goodImage, d: { S: '1' } },
  'with half an amount': { ...goodImage, d: { N: '0.5' } },
  'with an amount beyond 2^53': { ...goodImage, d: { N: '9007199254740993' } },
  'with an amount of 38 digits': { ...goodImage, d: { N: `-${'9'.repeat(38)}` } },
  'with an amount in exponents': { ...goodImage, d: { N: '1E+125' } },
  'with an amount that is not a number': { ...goodImage, d: { N: 'NaN' } },
  'with an amount of a type that there is not': { ...goodImage, d: {} as WireImage[string] },
  'without a region': without('r'),
  'with a number for a region': { ...goodImage, r: { N: '1' } },
  'without windows': without('k'),
  'with no windows': { ...goodImage, k: { L: [] } },
  'with one window not in a list': { ...goodImage, k: { S: '-' } },
  'with a set of windows': { ...goodImage, k: { SS: ['-'] } },
  'with a number for a window': { ...goodImage, k: { L: [{ S: '-' }, { N: '1' }] } },
  'with an unknown window': { ...goodImage, k: { L: [{ S: '-' }, { S: '2096-W09' }] } },
  'with a day that no calendar has': { ...goodImage, k: { L: [{ S: '2097-02-29' }] } },
  'without an expiry': without('x'),
  'with text for an expiry': { ...goodImage, x: { S: '2096' } },
  'with an expiry beyond all times': { ...goodImage, x: { N: '9'.repeat(30) } },
};

const oddMembers: Record<string, WireImage> = {
  'with neither a choice nor a bucket': { r: { S: here } },
  'without a region': { c: { S: 'love' } },
  'with a choice that is not text': { r: { S: here }, c: { N: '1' } },
  'with a choice that is too long for a key': { r: { S: here }, c: { S: 'c'.repeat(2_048) } },
  'with a choice that expires': { r: { S: here }, c: { S: 'love' }, x: { N: '4000000000' } },
  'with a bucket that is not a time': { r: { S: here }, b: { S: '@now' }, x: { N: '4000000000' } },
  'with a bucket that stays': { r: { S: here }, b: { S: '@3981000000' } },
};

const oddKeys = [
  'e',
  'e#',
  'e##',
  'e##views#hash',
  'e#post-42',
  'e#post-42#',
  'm#',
  'm#post-42##ann',
  // The key of its cell would be longer than DynamoDB takes.
  `e#${'s'.repeat(2_030)}#views#hash`,
];
const foreignKeys = ['', '#', 'x', 'z#post-42', 'E#post-42#views#hash', 'order-17', '#e#a#views#h'];

const oddRecords: Record<string, DynamoDBRecord> = Object.fromEntries([
  ...Object.entries(oddTokens).map(([how, image]) => [
    `a token ${how}`,
    insertedImage('e#post-42#views#hash', image),
  ]),
  ...Object.entries(oddMembers).map(([how, image]) => [
    `a member ${how}`,
    insertedImage('m#post-42#reactions#ann', image),
  ]),
  ...oddKeys.map((pk) => [
    `the key ${pk.slice(0, 30)}`,
    insertedImage(pk, { ...goodImage, c: { S: 'love' } }),
  ]),
  ...foreignKeys.map((pk) => [
    `the foreign key ${JSON.stringify(pk)}`,
    insertedImage(pk, goodImage),
  ]),
  ['no key', wireRecord({ NewImage: goodImage })],
  ['nothing but a name', { eventName: 'INSERT' }],
]);

describe('an image that Tally did not write is recognised:', () => {
  test.each(Object.entries(oddRecords))('%s', (_, record) => {
    const parsed = parseStreamRecord(record, here);
    const ignored = parsed.kind === 'ledger' ? parsed.malformedImages : parsed.kind;
    expect([1, 'foreign']).toContain(ignored);
  });

  test('they are all ignored, counted as ignored, and never in the way of a good one', async () => {
    const rig = await createFoldRig();
    const odd = Object.values(oddRecords);
    await rig.deliver(odd.flatMap((record) => [record, goodToken()]));
    expect(await rig.counts()).toEqual({ 'good/views -': BigInt(odd.length) });
    expect(rig.reports).toMatchObject([{ ignored: odd.length }]);
  });
});

test('items that count in no total, and cells whatever is in them, are passed over', async () => {
  const rig = await createFoldRig();
  const uncounted = ['t#post-42#orders', 'u#ann', 's#post-42', 'k#', 'k#17', 'y#'];
  const cells = ['c', 'c#', `c#post-42#views#${here}#0`, 'c#post-42#views#us-east-1#x'];
  const images: WireImage[] = [{}, { n: { S: 'many' }, l: { S: '' } }, goodImage];
  const records = [...uncounted, ...cells].flatMap((pk) =>
    images.map((image) => insertedImage(pk, image)),
  );
  await rig.deliver([...records, goodToken()]);
  expect(await rig.counts()).toEqual({ 'good/views -': 1n });
  expect(rig.reports).toMatchObject([{ ignored: 0 }]);
});

describe('a change of which one image is malformed counts as far as the other is understood:', () => {
  const token = tokenOf({ token: anyonesToken('odd'), windows: ['-'] });
  const malformed = { ...token, d: 'one' };

  test('an item that becomes malformed is taken back', async () => {
    const rig = await createFoldRig();
    await rig.deliver([inserted(token), replaced(token, malformed)]);
    expect(await rig.counts()).toEqual({ 'post-42/views -': 0n });
    expect(rig.reports).toMatchObject([{ ignored: 1 }]);
  });

  test('an item that is mended counts', async () => {
    const rig = await createFoldRig();
    await rig.deliver([inserted(malformed), replaced(malformed, token)]);
    expect(await rig.counts()).toEqual({ 'post-42/views -': 1n });
    expect(rig.reports).toMatchObject([{ ignored: 2 }]);
  });

  test('an item that is malformed from beginning to end counts nothing', async () => {
    const rig = await createFoldRig();
    await rig.deliver([inserted(malformed), removed(malformed), goodToken()]);
    expect(await rig.counts()).toEqual({ 'good/views -': 1n });
    expect(rig.reports).toMatchObject([{ ignored: 2 }]);
  });
});

/** Values of all types, with some among them that mean something somewhere. */
const anyValue = fc.letrec<{ value: WireImage[string] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.record({ S: fc.oneof(fc.string(), fc.constantFrom('-', here, windows.day, '@3981000000')) }),
    fc.record({
      N: fc.oneof(fc.integer().map(String), fc.double().map(String), fc.string(), fc.constant('1')),
    }),
    fc.record({ B: fc.base64String() }),
    fc.record({ BOOL: fc.boolean() }),
    fc.constant({ NULL: true }),
    fc.record({ SS: fc.array(fc.string()) }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({ M: fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }) }),
    fc.constant({}),
  ) as fc.Arbitrary<WireImage[string]>,
})).value;

const attributes = ['d', 'r', 'k', 'x', 'a', 'c', 'b', 'n', 't', 's', 'l', 'w1-a', 'z'];
const anyImage = fc.record(Object.fromEntries(attributes.map((name) => [name, anyValue])), {
  requiredKeys: [],
}) as fc.Arbitrary<WireImage>;

const anyKey = fc.oneof(
  fc.string(),
  fc
    .tuple(fc.constantFrom('e', 'm', 'c', 'h', 't', 'x'), fc.array(fc.string({ maxLength: 9 })))
    .map(([prefix, parts]) => [prefix, ...parts].join('#')),
);

const anyRecord = fc
  .record({ pk: anyKey, before: anyImage, after: anyImage }, { requiredKeys: ['pk'] })
  .map(({ pk, before, after }) =>
    wireRecord({
      Keys: { pk: { S: pk }, sk: { S: '-' } },
      ...(before ? { OldImage: before } : {}),
      ...(after ? { NewImage: after } : {}),
    }),
  );

describe('whatever is in a record,', () => {
  test('reading it is never an error', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const { kind } = parseStreamRecord(record, here);
        expect(['ledger', 'cell', 'other', 'foreign']).toContain(kind);
      }),
      { numRuns: 1_000 },
    );
  });

  test('the good ones behind it count', async () => {
    const rig = await createFoldRig();
    let good = 0n;
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 10 }), async (records) => {
        await rig.deliver([...records, goodToken()]);
        good += 1n;
      }),
      { numRuns: 50, endOnFailure: true },
    );
    expect(await rig.counts()).toMatchObject({ 'good/views -': good });
  });
});
