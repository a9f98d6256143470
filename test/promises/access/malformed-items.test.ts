/** Items that somebody else wrote, or broke: what Tally does not write, it does not take for true. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { apiKeyAttributes } from '../../../functions/dynamo/attributes.ts';
import {
  apiKeyItemKey,
  type ItemKey,
  secretItemKey,
  settingsItemKey,
  subscriptionItemKey,
} from '../../../functions/dynamo/item-keys.ts';
import { admin, adminKey, bearer, makeKey } from '../../harness/access/callers.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      stock: { kind: 'count', access: keyed },
      daily: { kind: 'count', windows: ['day'], access: open },
      likes: { kind: 'count', access: open },
    },
    adminKey,
  });
});

const put = (key: ItemKey, attributes: Readonly<Record<string, unknown>>) =>
  tally.table.client.send(
    new PutItemCommand({
      TableName: tally.table.tableName,
      Item: marshall({ ...key, ...attributes }),
    }),
  );
const get = (path: string, headers = admin) => tally.send({ method: 'GET', path, headers });

async function expectNamed({ pk, sk }: ItemKey, secretWord: string): Promise<void> {
  const messages = tally.errors.map(({ message }) => message);
  expect(messages).toEqual([`the item ${pk} / ${sk} is malformed`]);
  expect(JSON.stringify(messages)).not.toContain(secretWord);
}

test.each([
  ['no scopes', { g: undefined }],
  ['scopes in words', { g: 'everything' }],
  ['an action that there is not', { g: [{ actions: ['own'], subjects: ['*'] }] }],
  ['a short hash', { h: new Uint8Array(31) }],
  ['a limit in words', { m: 'none' }],
])('an API key with %s opens nothing, and its item is named in the log', async (_, broken) => {
  const { id, key } = await makeKey(tally, [{ actions: ['read'], subjects: ['*'] }]);
  const item = (await tally.items()).find(({ sk }) => sk === id) ?? {};
  const attributes = Object.entries({ ...item, ...broken }).filter(([, it]) => it !== undefined);
  await put(apiKeyItemKey(id), Object.fromEntries(attributes));
  expect(await get('/v1/resto-7/stock', bearer(key))).toMatchObject({
    status: 500,
    body: { code: 'internal_error' },
  });
  await expectNamed(apiKeyItemKey(id), key);
});

test('a malformed API key hides no other from the list, and can be revoked', async () => {
  const { id } = await makeKey(tally, [{ actions: ['read'], subjects: ['*'] }]);
  await put(apiKeyItemKey('broken'), { [apiKeyAttributes.secretHash]: 'in words' });
  expect(await get('/v1/keys')).toMatchObject({ status: 200, body: { keys: [{ id }] } });
  const revoked = await tally.send({ method: 'DELETE', path: '/v1/keys/broken', headers: admin });
  expect(revoked.status).toBe(204);
});

const bytes = new Uint8Array(32);
test.each<[what: string, broken: Readonly<Record<string, unknown>>]>([
  ['in words', { b: 'a secret in words' }],
  ['too short', { b: new Uint8Array(16) }],
  ['without a version', { s: [] }],
  ['of versions in words', { s: 'a secret in words' }],
  ['of a version that is too short', { s: [[1, new Uint8Array(16), 0, null]] }],
  ['of a version without a time', { s: [[1, bytes]] }],
])('a secret that is %s signs nothing, and is not replaced', async (_, broken) => {
  const stored = { b: bytes, v: 1, s: [[1, bytes, 0, null]], ...broken };
  await put(secretItemKey, stored);
  const answer = await tally.send({
    method: 'POST',
    path: '/v1/passes',
    headers: admin,
    body: { member: 'ada', actions: ['read'], subject: 'post-42' },
  });
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal_error' } });
  await expectNamed(secretItemKey, 'in words');
  const item = (await tally.items()).find(({ pk }) => pk === secretItemKey.pk);
  expect(item).toEqual({ ...secretItemKey, ...stored });
});

test.each([
  ['a number for a time zone', { z: 2, o: '04:00' }],
  ['a time zone that there is not', { z: 'Mars/Olympus', o: '04:00' }],
  ['a start of the day in words', { z: 'UTC', o: 'late' }],
])('settings with %s count into no day', async (_, attributes) => {
  await put(settingsItemKey('resto-7'), attributes);
  const answer = await tally.change('resto-7/daily', 1);
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal_error' } });
  await expectNamed(settingsItemKey('resto-7'), 'Mars');
  expect((await tally.items()).filter(({ pk }) => String(pk).startsWith('c#'))).toEqual([]);
  expect((await tally.change('resto-8/daily', 1)).status).toBe(200);
});

test('malformed subscriptions leave the other badges of a user', async () => {
  const path = '/v1/users/ada/subscriptions/post-42/likes';
  expect((await tally.send({ method: 'PUT', path, headers: admin })).status).toBe(204);
  const broken = (subject: string, counter: string) =>
    subscriptionItemKey('ada', { subject, counter });
  await put(broken('post-43', 'likes'), { n: 'many' });
  await put(broken('post-44', 'likes'), {});
  await put(broken('', 'likes'), { n: 0 });
  await put(broken('post-45', 'likes#more'), { n: 0 });
  await tally.change('post-42/likes', 2);
  expect(await get('/v1/users/ada/unread')).toMatchObject({
    status: 200,
    body: { count: 2, subscriptions: [{ subject: 'post-42', counter: 'likes', count: 2 }] },
  });
});
