import { beforeEach, describe, expect, test } from 'vitest';
import { admin, adminKey } from '../../harness/access/callers.ts';
import {
  createTallyUnderTest,
  keyed,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
      orders: { kind: 'count', access: { read: 'public', write: 'key' } },
    },
    adminKey,
  });
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  tally.send({ method: 'GET', path, headers });

describe('a counter that takes a key', () => {
  const stock = '/v1/shoe/stock';
  const change = (headers: Readonly<Record<string, string>> = {}) =>
    tally.send({ method: 'PUT', path: stock, headers, body: { action: 'increment' } });

  test('refuses callers without one, and writes nothing', async () => {
    for (const answer of [await get(stock), await change()]) {
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': expect.stringMatching(/^Bearer/) },
        body: { code: 'key_required' },
      });
    }
    expect(await tally.items()).toEqual([]);
  });

  test.each([
    ['another key', 'Bearer tally_admin_0123456789abcdefghik'],
    ['its beginning', `Bearer ${adminKey.slice(0, -1)}`],
    ['more than it', `Bearer ${adminKey}x`],
    ['it in another case', `Bearer ${adminKey.toUpperCase()}`],
    ['no key', 'Bearer'],
    ['an empty key', 'Bearer '],
    ['it without its scheme', adminKey],
    ['it in another scheme', `Basic ${btoa(`:${adminKey}`)}`],
    ['it twice', `Bearer ${adminKey}, Bearer ${adminKey}`],
    ['nothing', ''],
  ])('refuses %s, and writes nothing', async (_, authorization) => {
    for (const answer of [await get(stock, { authorization }), await change({ authorization })]) {
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': expect.stringMatching(/^Bearer/) },
        body: { code: expect.stringMatching(/^(?:invalid_key|key_required)$/) },
      });
    }
    expect(await tally.items()).toEqual([]);
  });

  test('takes the admin key', async () => {
    expect(await get(stock, admin)).toMatchObject({ status: 200, body: { count: 0 } });
    expect(await change(admin)).toMatchObject({ status: 200, body: { count: 1 } });
    expect(await change({ authorization: `bearer ${adminKey}` })).toMatchObject({ status: 200 });
  });

  test('says the same about a subject that exists and about one that does not', async () => {
    await change(admin);
    const answers = await Promise.all([get(stock), get('/v1/nothing/stock')]);
    expect(answers[0]).toEqual(answers[1]);
  });

  test('says nothing about what is wrong with the request before the key is right', async () => {
    const wrong = { method: 'PUT', path: stock, body: '{' };
    expect(await tally.send(wrong)).toMatchObject({ status: 401 });
    expect(await tally.send({ ...wrong, headers: admin })).toMatchObject({ status: 400 });
  });

  test('may be read by everybody, if only writing takes one', async () => {
    expect(await get('/v1/resto/orders')).toMatchObject({ status: 200 });
    expect(await tally.change('resto/orders', 1)).toMatchObject({ status: 401 });
    expect(await tally.change('resto/orders', 1, { headers: admin })).toMatchObject({
      status: 200,
    });
  });
});
