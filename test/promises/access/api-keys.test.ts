import { createHash, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createApiKeys } from '../../../functions/access/api-keys.ts';
import { createDynamoApiKeyStore } from '../../../functions/dynamo/dynamo-api-key-store.ts';
import { createDynamoClients } from '../../../functions/dynamo/dynamo-clients.ts';
import { limits } from '../../../functions/rules/limits.ts';
import {
  admin,
  adminKey,
  bearer,
  get,
  increment,
  makeKey,
  revoke,
  storeKeys,
} from '../../harness/access/callers.ts';
import type { TestTable } from '../../harness/engine/test-table.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

vi.mock('node:crypto', async (load) => {
  const crypto = await load<typeof import('node:crypto')>();
  return { ...crypto, timingSafeEqual: vi.fn<typeof timingSafeEqual>(crypto.timingSafeEqual) };
});

const counters = {
  likes: { kind: 'count', access: open },
  stock: { kind: 'count', access: keyed },
  orders: { kind: 'count', access: keyed },
} as const;
const everything = { actions: ['read', 'write'], subjects: ['*'] } as const;

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({ counters, adminKey, instances: 2 });
});

const list = async () => {
  const { body } = await tally.send(get('/v1/keys', admin));
  return (body as { keys: Record<string, unknown>[] }).keys;
};
const storeOf = ({ tableName, endpoint }: TestTable) =>
  createDynamoApiKeyStore({ clients: createDynamoClients(endpoint), tableName });
const putItem = ({ client, tableName: TableName }: TestTable, item: Record<string, unknown>) =>
  client.send(new PutItemCommand({ TableName, Item: marshall(item) }));
const keyItems = async () => (await tally.items()).filter(({ pk }) => pk === 'k#');

describe('a new key', () => {
  test('works at once, for what it was made for', async () => {
    const { headers } = await makeKey(tally, [
      { actions: ['write'], subjects: ['resto-7'], counters: ['stock'] },
    ]);
    expect(await tally.send(increment('/v1/resto-7/stock', headers))).toMatchObject({
      status: 204,
    });
    for (const request of [
      get('/v1/resto-7/stock', headers),
      increment('/v1/resto-7/orders', headers),
      increment('/v1/resto-8/stock', headers),
      increment('/v1/resto-70/stock', headers),
    ]) {
      expect(await tally.send(request), request.path).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    }
  });

  test('is shown once, and stored as a hash only', async () => {
    const { id, key } = await makeKey(tally, [everything]);
    const secret = key.slice(`tally_${id}_`.length);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify(await list())).not.toContain(secret);
    const [item] = await keyItems();
    expect(Buffer.from(item?.h as Uint8Array)).toEqual(
      createHash('sha256').update(secret).digest(),
    );
    const stored = JSON.stringify(await tally.items(), (_, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    );
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(Buffer.from(secret, 'base64url').toString('latin1'));
  });

  test('may not be kept by caches', async () => {
    const answer = await tally.send({
      method: 'POST',
      path: '/v1/keys',
      headers: admin,
      body: { scopes: [everything] },
    });
    expect(answer).toMatchObject({ status: 201, headers: { 'cache-control': 'no-store' } });
  });

  test('is another one each time', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => makeKey(tally, [everything])));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(20);
    expect(new Set(keys.map(({ key }) => key.split('_').at(-1))).size).toBe(20);
  });

  test('is refused where there are a thousand', async () => {
    await storeKeys(tally.table, limits.apiKeys - 1);
    const { id } = await makeKey(tally, [everything]);
    const body = { scopes: [everything] };
    const oneMore = { method: 'POST', path: '/v1/keys', headers: admin, body };
    expect(await tally.send(oneMore)).toMatchObject({
      status: 409,
      body: { code: 'too_many_keys' },
    });
    expect(await keyItems()).toHaveLength(limits.apiKeys);
    await revoke(tally, id);
    expect(await tally.send(oneMore)).toMatchObject({ status: 201 });
  });

  test.each([
    ['no scopes', {}, 'invalid_scopes'],
    ['an empty list of scopes', { scopes: [] }, 'invalid_scopes'],
    ['no actions', { scopes: [{ ...everything, actions: [] }] }, 'invalid_scopes'],
    ['an unknown action', { scopes: [{ ...everything, actions: ['own'] }] }, 'invalid_scopes'],
    [
      'the same action again',
      { scopes: [{ ...everything, actions: ['read', 'read'] }] },
      'invalid_scopes',
    ],
    ['no subjects', { scopes: [{ ...everything, subjects: [] }] }, 'invalid_scopes'],
    ['a subject of markup', { scopes: [{ ...everything, subjects: ['<b>'] }] }, 'invalid_scopes'],
    [
      'a pattern in the middle',
      { scopes: [{ ...everything, subjects: ['a*b'] }] },
      'invalid_scopes',
    ],
    [
      'a subject that there cannot be',
      { scopes: [{ ...everything, subjects: ['resto-7', 'users'] }] },
      'invalid_scopes',
    ],
    ['no counters', { scopes: [{ ...everything, counters: [] }] }, 'invalid_scopes'],
    [
      'a counter that is not a name',
      { scopes: [{ ...everything, counters: ['A b'] }] },
      'invalid_scopes',
    ],
    [
      'too many scopes',
      { scopes: Array.from({ length: limits.scopes + 1 }, () => everything) },
      'invalid_scopes',
    ],
    [
      'too many subjects',
      {
        scopes: [
          { ...everything, subjects: Array.from({ length: limits.namesOfScope + 1 }, () => 'a') },
        ],
      },
      'invalid_scopes',
    ],
    ['a misspelt field', { scopes: [everything], call_per_minute: 1 }, 'unknown_field'],
    ['no calls at all', { scopes: [everything], calls_per_minute: 0 }, 'invalid_calls_per_minute'],
    ['half a call', { scopes: [everything], calls_per_minute: 0.5 }, 'invalid_calls_per_minute'],
    [
      'more calls than are counted',
      { scopes: [everything], calls_per_minute: limits.callsPerMinuteMax + 1 },
      'invalid_calls_per_minute',
    ],
  ])('is not made of %s', async (_, body, code) => {
    const answer = await tally.send({ method: 'POST', path: '/v1/keys', headers: admin, body });
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(await keyItems()).toEqual([]);
  });
});

describe('what is not a key', () => {
  let made: { id: string; key: string };
  beforeEach(async () => {
    made = await makeKey(tally, [everything]);
  });

  const expectRefusal = async (credential: string) =>
    expect(
      await tally.send(get('/v1/resto-7/stock', bearer(credential))),
      credential,
    ).toMatchObject({ status: 401, body: { code: 'invalid_key' } });

  test('is refused, however like a key it looks', async () => {
    const { id, key } = made;
    const secret = key.slice(`tally_${id}_`.length);
    for (const credential of [
      `tally_${id}_${'A'.repeat(43)}`,
      `tally_${id}_${secret}A`,
      `tally_${id}_${secret.slice(0, -1)}`,
      `tally_${id}_`,
      `tally_${id}`,
      `tally_${'0'.repeat(16)}_${secret}`,
      `tally__${secret}`,
      `Tally_${id}_${secret}`,
      `tally_${id.toUpperCase()}x_${secret}`,
      `tally_${id}_${secret}\u0000`,
      secret,
      '__proto__',
      'pass_',
      `pass_${key}`,
      'x'.repeat(8000),
    ]) {
      await expectRefusal(credential);
    }
    expect(await tally.send(get('/v1/resto-7/stock', bearer(key)))).toMatchObject({ status: 200 });
  });

  test('is compared by digest, in a time that reveals nothing about the secret', async () => {
    const compared = vi.mocked(timingSafeEqual);
    const { id } = made;
    for (const credential of [`tally_${id}_${'A'.repeat(43)}`, `tally_${id}_${'B'.repeat(100)}`]) {
      compared.mockClear();
      await expectRefusal(credential);
      // Once with the admin key, and once with the key of that id.
      expect(compared).toHaveBeenCalledTimes(2);
      for (const [one, other] of compared.mock.calls) {
        expect([one.byteLength, other.byteLength]).toEqual([32, 32]);
      }
    }
  });

  test('is looked up once in a while, however often it is tried', async () => {
    const { tally: guarded, proxy } = await createTallyBehindProxy({
      counters,
      adminKey,
      table: tally.table,
    });
    for (let guess = 0; guess < 10; guess++) {
      const credential = `tally_unknown_${String(guess).padStart(43, 'A')}`;
      const answer = await guarded.send(get('/v1/resto-7/stock', bearer(credential)));
      expect(answer.status).toBe(401);
    }
    expect(proxy.forwarded()).toBe(1);
    await proxy.stop();
  });

  test('pushes no key out of memory, however many are guessed', async () => {
    const store = storeOf(tally.table);
    const asked: string[] = [];
    const find = async (id: string) => {
      asked.push(id);
      return id.startsWith('guess') ? undefined : store.find(id);
    };
    const keys = createApiKeys({ store: { ...store, find }, now: tally.clock.now });
    expect(await keys.verify(made.key)).toMatchObject({ id: made.id });
    for (let guess = 0; guess < limits.rememberedKeys; guess++) {
      expect(await keys.verify(`tally_guess${guess}_${'A'.repeat(43)}`)).toBeUndefined();
    }
    expect(await keys.verify(made.key)).toMatchObject({ id: made.id });
    expect(asked.filter((id) => id === made.id)).toHaveLength(1);
  });
});

describe('a revoked key', () => {
  test('works nowhere a minute later, and is looked up no more often than that takes', async () => {
    const { id, headers } = await makeKey(tally, [everything]);
    const request = get('/v1/resto-7/stock', headers);
    const everywhere = async () => {
      const answers = await Promise.all(tally.instances.map((it) => it.send(request)));
      return answers.map(({ status }) => status);
    };
    expect(await everywhere()).toEqual([200, 200]);
    expect(await revoke(tally, id)).toMatchObject({ status: 204 });
    // A look-up on the way to the next day must not keep it alive either.
    tally.clock.advance(29_000);
    await everywhere();
    tally.clock.advance(31_000);
    expect(await everywhere()).toEqual([401, 401]);
    expect(await list()).toEqual([]);
  });

  test('stops working within a minute also when its last use falls on a new day', async () => {
    const { id, headers } = await makeKey(tally, [everything]);
    const request = get('/v1/resto-7/stock', headers);
    tally.clock.moveTo('2096-02-28T23:59:45.000Z');
    expect(await tally.instances[1]?.send(request)).toMatchObject({ status: 200 });
    await revoke(tally, id);
    const revokedAtMs = tally.clock.now();
    const statuses: number[] = [];
    while (tally.clock.now() < revokedAtMs + 60_000) {
      tally.clock.advance(5_000);
      statuses.push((await tally.instances[1]?.send(request))?.status ?? 0);
    }
    expect(statuses.at(-1)).toBe(401);
    expect(statuses.lastIndexOf(200)).toBeLessThanOrEqual(limits.keyCacheSeconds / 5 - 1);
  });

  test('is not brought back by the note of its last use', async () => {
    const { id, headers } = await makeKey(tally, [everything]);
    await tally.send(get('/v1/resto-7/stock', headers));
    await revoke(tally, id);
    await storeOf(tally.table).noteUse(id, '2096-03-01');
    expect(await keyItems()).toEqual([]);
    expect(await list()).toEqual([]);
  });

  test('is not brought back where the note of its use in another region wins over it', async () => {
    const { id, headers } = await makeKey(tally, [everything]);
    const before = await tally.items();
    await storeOf(tally.table).noteUse(id, '2096-03-01');
    const noted = (await tally.items()).filter(
      (item) => !before.some((it) => isDeepStrictEqual(it, item)),
    );
    expect(noted).toHaveLength(1);
    await revoke(tally, id);
    // As replication does, it puts whole items.
    for (const item of noted) await putItem(tally.table, item);
    tally.clock.advance(limits.keyCacheSeconds * 1000);
    expect(await tally.send(get('/v1/resto-7/stock', headers))).toMatchObject({ status: 401 });
    expect(await list()).toEqual([]);
  });

  test('leaves a note of its use that expires', async () => {
    const { id, headers } = await makeKey(tally, [everything]);
    await tally.send(get('/v1/resto-7/stock', headers));
    const uses = (await tally.items()).filter(({ sk, pk }) => sk === id && pk !== 'k#');
    expect(uses).toMatchObject([
      { u: '2096-02-28', x: Date.parse('2096-02-28') / 1000 + limits.keepKeyUseDays * 86_400 },
    ]);
  });

  test('cannot be revoked again, nor one that never was', async () => {
    const { id } = await makeKey(tally, [everything]);
    await revoke(tally, id);
    for (const none of [id, '', 'x'.repeat(2_000), '%00', '%F0%9F%91%8D', '%2F', '*']) {
      const answer = await revoke(tally, none);
      expect(answer, none).toMatchObject({ status: 404, body: { code: 'unknown_key' } });
    }
    expect(tally.errors).toEqual([]);
  });
});

describe('the list of keys', () => {
  test('says what each may do, and when it was last used', async () => {
    const scopes = [{ actions: ['read'], subjects: ['resto-7', 'resto-7:*'] }] as const;
    const { id, headers } = await makeKey(tally, scopes, 600);
    const listed = {
      id,
      scopes,
      calls_per_minute: 600,
      created_at: '2096-02-28T23:00:00.000Z',
      last_used_day: null,
    };
    expect(await list()).toEqual([listed]);
    await tally.send(get('/v1/resto-7/stock', headers));
    expect(await list()).toEqual([{ ...listed, last_used_day: '2096-02-28' }]);
  });
});

describe('the last use of a key', () => {
  let proxy: FaultProxy;
  let guarded: TallyUnderTest;
  beforeEach(async () => {
    ({ tally: guarded, proxy } = await createTallyBehindProxy({
      counters,
      adminKey,
      table: tally.table,
    }));
  });
  afterEach(() => proxy.stop());

  test('is noted once a day, not once a request', async () => {
    const { headers } = await makeKey(tally, [everything]);
    const useTenTimes = async () => {
      proxy.forget();
      for (let use = 0; use < 10; use++) {
        guarded.clock.advance(31_000);
        expect(await guarded.send(get('/v1/resto-7/stock', headers))).toMatchObject({
          status: 200,
        });
      }
      return proxy.forwarded('UpdateItem');
    };
    expect(await useTenTimes()).toBe(1);
    expect(await useTenTimes()).toBe(0);
    guarded.clock.advance(24 * 3_600_000);
    expect(await useTenTimes()).toBe(1);
  });

  test('that cannot be noted fails no request', async () => {
    const { headers } = await makeKey(tally, [everything]);
    const fault = proxy.inject({ effect: 'throttle', operation: 'UpdateItem' });
    expect(await guarded.send(get('/v1/resto-7/stock', headers))).toMatchObject({ status: 200 });
    expect(fault.hits).toBeGreaterThan(0);
    expect(guarded.errors).toEqual([]);
  });

  test('does not matter to making a key whose answer was lost: it is made once, and works', async () => {
    proxy.inject({ effect: 'lose reply', operation: 'PutItem', times: 1 });
    const { id, headers } = await makeKey(guarded, [everything]);
    expect((await list()).map((it) => it.id)).toEqual([id]);
    expect(await guarded.send(get('/v1/resto-7/stock', headers))).toMatchObject({ status: 200 });
  });
});
