/** All counters of a subject in one answer. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import {
  admin,
  adminKey,
  bearer,
  get,
  type Headers,
  makeKey,
  makePass,
  nobody,
} from '../../harness/access/callers.ts';
import { createStreamedTally } from '../../harness/members/streamed-tally.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyOptions,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const counters = {
  likes: { kind: 'count', access: open },
  views: { kind: 'count', write: 'deferred', windows: ['day', 'all'], access: open },
  reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
  viewers: { kind: 'presence', access: open },
  visitors: { kind: 'unique', windows: ['day'], access: open },
  orders: { kind: 'ticket', access: keyed },
  stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
  box: { kind: 'count', access: { read: 'key', write: 'public' } },
} satisfies TallyOptions['counters'];
type Name = keyof typeof counters;

const names = Object.keys(counters) as Name[];
const openNames: readonly Name[] = ['likes', 'views', 'reactions', 'viewers', 'visitors'];

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({ counters, adminKey });
});

async function useAll(used: TallyUnderTest): Promise<void> {
  const put = (path: string, body?: unknown) =>
    used.send({ method: 'PUT', path, headers: admin, body });
  for (const counter of ['likes', 'views', 'stock', 'box']) {
    await used.change(`post-42/${counter}`, 5, { headers: admin });
  }
  await put('/v1/post-42/reactions/members/ada', { choice: 'love' });
  await put('/v1/post-42/viewers/members/ada');
  await put('/v1/post-42/visitors/members/ada');
  await used.send({ method: 'POST', path: '/v1/post-42/orders/tickets', headers: admin });
  await used.settle();
}

/** What each counter answers to a GET of its own. */
async function readAlone(used: TallyUnderTest): Promise<Record<string, unknown>> {
  const answers = names.map(async (name) => {
    const { body } = await used.send(get(`/v1/post-42/${name}`, admin));
    return [name, body] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

const countersOf = (body: unknown): Record<string, unknown> =>
  (body as { counters: Record<string, unknown> }).counters;

const readable = async (headers: Headers): Promise<string[]> => {
  const { status, body } = await tally.send(get('/v1/post-42', headers));
  expect(status).toBe(200);
  return Object.keys(countersOf(body));
};

describe('the counters of a subject', () => {
  test('answer as each of them alone does', async () => {
    const streamed = await createStreamedTally({ counters, adminKey });
    onTestFinished(() => streamed.stop());
    await useAll(streamed);
    const alone = await readAlone(streamed);
    expect(alone).toMatchObject({
      likes: { count: 5 },
      views: { count: 5 },
      reactions: { count: 1, choices: { like: 0, love: 1 } },
      viewers: { count: 1 },
      visitors: { count: 1 },
      orders: { number: 1 },
      stock: { count: 5 },
      box: { count: 5 },
    });
    const { status, body } = await streamed.send(get('/v1/post-42', admin));
    expect([status, body]).toEqual([200, { subject: 'post-42', counters: alone }]);
  });

  test('answer so where nothing was ever counted, and leave nothing behind', async () => {
    const alone = await readAlone(tally);
    const { status, body } = await tally.send(get('/v1/post-42', admin));
    expect([status, body]).toEqual([200, { subject: 'post-42', counters: alone }]);
    expect(await tally.items()).toEqual([]);
  });

  test('are those that the caller may read', async () => {
    const scope = (...of: Name[]) =>
      [{ actions: ['read'], subjects: ['post-42'], counters: of }] as const;
    const { headers: server } = await makeKey(tally, scope('stock', 'orders'));
    const pass = await makePass(tally, server, {
      member: 'ada',
      actions: ['read'],
      subject: 'post-42',
      counters: ['orders'],
    });
    const { headers: writer } = await makeKey(tally, [{ actions: ['write'], subjects: ['*'] }]);
    expect(await readable(nobody)).toEqual(openNames);
    expect(await readable(writer)).toEqual(openNames);
    expect(await readable(server)).toEqual([...openNames, 'orders', 'stock']);
    expect(await readable(pass)).toEqual([...openNames, 'orders']);
    expect(await readable(admin)).toEqual(names);
  });

  test('are refused with an API key that is not valid, or is used up: the rest would look like all', async () => {
    const wrong = bearer(`tally_0123_${'x'.repeat(43)}`);
    expect(await tally.send(get('/v1/post-42', wrong))).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: { code: 'invalid_key' },
    });
    const { headers } = await makeKey(tally, [{ actions: ['read'], subjects: ['*'] }], 4);
    const statuses = [];
    for (let call = 0; call < 3; call++) {
      statuses.push((await tally.send(get('/v1/post-42', headers))).status);
    }
    // However many counters are read, it is one call, and one more for visitors, which are 32 items.
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('are refused to a caller that may read none of them, like any one of them', async () => {
    const closed = await createTallyUnderTest({
      counters: { stock: counters.stock, orders: counters.orders },
      adminKey,
    });
    const { headers } = await makeKey(closed, [{ actions: ['read'], subjects: ['post-43'] }]);
    for (const [caller, status, code] of [
      [nobody, 401, 'key_required'],
      [headers, 403, 'forbidden'],
    ] as const) {
      for (const path of ['/v1/post-42', '/v1/post-42/stock']) {
        expect(await closed.send(get(path, caller))).toMatchObject({ status, body: { code } });
      }
    }
  });

  test('are all there, with its problem in the place of one that has no answer', async () => {
    await useAll(tally);
    await tally.seedCell({ subject: 'post-42', counter: 'likes' }, { n: 2n ** 60n });
    const { status, body } = await tally.send(get('/v1/post-42'));
    const { body: alone } = await tally.send(get('/v1/post-42/likes'));
    expect(status).toBe(200);
    expect(countersOf(body).likes).toEqual(alone);
    expect(alone).toMatchObject({ status: 409, code: 'count_too_large' });
    expect(countersOf(body).views).toMatchObject({ count: 5 });
    expect(Object.keys(countersOf(body))).toEqual(openNames);
  });

  test('are not half an answer where the database does not answer', async () => {
    const { tally: broken, proxy } = await createTallyBehindProxy({ counters, adminKey });
    proxy.inject({ effect: 'server error before commit', operation: 'BatchGetItem' });
    expect(await broken.send(get('/v1/post-42'))).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
    await proxy.stop();
  });

  test('are read in the round trips of the slowest one, not in those of all of them', async () => {
    await useAll(tally);
    const { tally: watched, proxy } = await createTallyBehindProxy({
      counters,
      adminKey,
      table: tally.table,
    });
    const roundTrips = async (path: string) => {
      const before = proxy.forwarded();
      await watched.send(get(path, admin));
      return proxy.forwarded() - before;
    };
    // What a function remembers for all of a subject is read first.
    await roundTrips('/v1/post-42');
    watched.clock.advance(2 * limits.readCacheSeconds * 1000);
    const alone = await Promise.all(names.map((name) => roundTrips(`/v1/post-42/${name}`)));
    watched.clock.advance(2 * limits.readCacheSeconds * 1000);
    const together = await roundTrips('/v1/post-42');
    expect(together).toBeLessThan(alone.reduce((sum, count) => sum + count, 0));
    expect(together).toBeLessThanOrEqual(4);
    await proxy.stop();
  });
});

describe('the answer', () => {
  test('stays out of shared caches, since it depends on the caller', async () => {
    const { headers } = await tally.send(get('/v1/post-42'));
    expect(headers['cache-control']).toBe('private, no-cache');
    const again = get('/v1/post-42', { 'if-none-match': headers.etag ?? '' });
    expect(await tally.send(again)).toMatchObject({ status: 304 });
  });

  test('may be cached where every counter is open to everybody', async () => {
    const { likes } = counters;
    const everybodys = await createTallyUnderTest({ counters: { likes } });
    expect(await everybodys.send(get('/v1/post-42'))).toMatchObject({
      headers: { 'cache-control': `public, max-age=${limits.readCacheSeconds}` },
    });
  });

  test('has no counters where none are configured', async () => {
    const empty = await createTallyUnderTest({ counters: {} });
    expect(await empty.send(get('/v1/post-42'))).toMatchObject({
      status: 200,
      body: { subject: 'post-42', counters: {} },
    });
  });

  test.each(['live', 'status', 'members', 'openapi.json', 'a%20b'])(
    'for %s is that it is not a subject',
    async (subject) => {
      expect(await tally.send(get(`/v1/${subject}`))).toMatchObject({
        status: 400,
        body: { code: 'invalid_subject' },
      });
    },
  );
});
