/** The same Idempotency-Key of two senders: neither swallows, or learns of, what the other has sent. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  admin,
  adminKey,
  bearer,
  type Headers,
  makeKey,
  makePass,
  nobody,
} from '../../harness/access/callers.ts';
import {
  type Answer,
  createTallyUnderTest,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let senders: Readonly<Record<'anyone' | 'server' | 'ada' | 'bob', Headers>>;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', access: open },
      stock: { kind: 'count', bounds: { min: -9 }, access: open },
      orders: { kind: 'ticket', access: open },
    },
    settings: { readCacheSeconds: 0 },
    adminKey,
  });
  const scope = { actions: ['read', 'write'], subjects: ['post-42'] } as const;
  const { headers } = await makeKey(tally, [scope]);
  const passFor = (member: string) =>
    makePass(tally, headers, { member, actions: ['write'], subject: 'post-42' });
  senders = {
    anyone: nobody,
    server: headers,
    ada: await passFor('ada'),
    bob: await passFor('bob'),
  };
});

const isReplay = ({ headers }: Answer) => headers['idempotency-replayed'] === 'true';

describe.each(['likes', 'views', 'stock'])('a change of %s', (counter) => {
  test('is not swallowed by one that another sender made up first', async () => {
    for (const headers of Object.values(senders)) {
      const send = () => tally.change(`post-42/${counter}`, 1, { token: 'like-8731', headers });
      expect(isReplay(await send())).toBe(false);
      expect(isReplay(await send())).toBe(true);
    }
    await tally.settle();
    expect(await tally.read(`post-42/${counter}`)).toMatchObject({ body: { count: 4 } });
  });
});

test("nobody is told the ticket of another's idempotency key", async () => {
  const draw = async (headers: Headers) => {
    const path = '/v1/post-42/orders/tickets';
    const sent = { ...headers, 'idempotency-key': 'order-8731' };
    const { status, body } = await tally.send({ method: 'POST', path, headers: sent });
    expect(status).toBe(201);
    return (body as { number: number }).number;
  };
  const numbers = [];
  for (const headers of Object.values(senders)) numbers.push(await draw(headers));
  expect(numbers).toEqual([1, 2, 3, 4]);
  expect(await draw(senders.ada)).toBe(3);
  expect(await draw(senders.anyone)).toBe(1);
});

test('in a batch the items have the sender of the request', async () => {
  const send = async (headers: Headers) => {
    const item = { subject: 'post-42', counter: 'likes', action: 'increment' };
    const body = { items: [{ ...item, idempotency_key: 'like-8731' }] };
    const answer = await tally.send({ method: 'POST', path: '/v1/batch', headers, body });
    return (answer.body as { results: { status: number; replayed?: boolean }[] }).results;
  };
  expect(await send(senders.anyone)).toMatchObject([{ status: 200, count: 1 }]);
  expect(await send(senders.ada)).toMatchObject([{ status: 200, count: 2 }]);
  expect(await send(senders.ada)).toMatchObject([{ replayed: true }]);
});

test('the API keys of a deployment share one space, so that a retry may come with another', async () => {
  const other = await makeKey(tally, [{ actions: ['write'], subjects: ['post-42'] }]);
  const send = (headers: Headers) => tally.change('post-42/likes', 1, { token: 'a', headers });
  expect(isReplay(await send(senders.server))).toBe(false);
  expect(isReplay(await send(other.headers))).toBe(true);
  expect(isReplay(await send(admin))).toBe(true);
});

test('a retry with a new pass of the same member counts once', async () => {
  const send = (headers: Headers) => tally.change('post-42/likes', 1, { token: 'a', headers });
  await send(senders.ada);
  const body = { member: 'ada', actions: ['read', 'write'], subject: 'post-42' };
  expect(isReplay(await send(await makePass(tally, senders.server, body)))).toBe(true);
});

test('a credential that is not valid is never taken for none, so a late retry does not count twice', async () => {
  const send = (headers: Headers) => tally.change('post-42/likes', 1, { token: 'a', headers });
  await send(senders.ada);
  tally.clock.advance(3_600_000);
  expect(await send(senders.ada)).toMatchObject({ status: 401, body: { code: 'pass_expired' } });
  expect(await send(bearer('pass_1.x.y'))).toMatchObject({
    status: 401,
    body: { code: 'invalid_key' },
  });
  expect(await tally.read('post-42/likes')).toMatchObject({ body: { count: 1 } });
});
