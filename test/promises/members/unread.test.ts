import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createCounters } from '../../../functions/counters/counters.ts';
import { memberCalls } from '../../harness/members/member-calls.ts';
import { storedContext } from '../../harness/members/stored-context.ts';
import { createStreamedTally, type StreamedTally } from '../../harness/members/streamed-tally.ts';
import {
  type Answer,
  createTallyUnderTest,
  keyed,
  open,
  type TallyOptions,
} from '../../harness/tally-under-test.ts';

const adminKey = 'tally_test_0123456789abcdefghij';
const counters: TallyOptions['counters'] = {
  likes: { kind: 'count', access: open },
  views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: open },
  stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
  daily: { kind: 'count', windows: ['day'], access: open },
  reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
  viewers: { kind: 'presence', access: open },
  visitors: { kind: 'unique', windows: ['all'], access: open },
  orders: { kind: 'ticket', access: open },
};

let tally: StreamedTally;
/** A user and a subject that no other test uses. */
let user: string;
let post: string;
let tests = 0;

beforeAll(async () => {
  tally = await createStreamedTally({ counters, adminKey });
});

beforeEach(() => {
  tests += 1;
  user = `user-${tests}`;
  post = `post-${tests}`;
});

afterAll(() => tally.stop());

const send = (method: string, path: string): Promise<Answer> =>
  tally.send({ method, path: `/v1${path}`, headers: { authorization: `Bearer ${adminKey}` } });
const subscribe = (counter: string, who = user) =>
  send('PUT', `/users/${who}/subscriptions/${counter}`);
const unsubscribe = (counter: string) => send('DELETE', `/users/${user}/subscriptions/${counter}`);
const readUnread = (who = user) => send('GET', `/users/${who}/unread`);
const markRead = () => send('POST', `/users/${user}/unread/read`);
const reset = (counter: string) => send('POST', `/${counter}/reset`);

async function expectUnread(rows: Readonly<Record<string, number>>): Promise<void> {
  const { status, body } = await readUnread();
  expect(status).toBe(200);
  const subscriptions = Object.entries(rows).map(([name, count]) => {
    const [subject, counter] = name.split('/');
    return { subject, counter, count };
  });
  const count = Object.values(rows).reduce((sum, row) => sum + row, 0);
  expect(body).toEqual({
    count,
    subscriptions: expect.arrayContaining(subscriptions),
    next_cursor: null,
  });
  expect((body as { subscriptions: unknown[] }).subscriptions).toHaveLength(subscriptions.length);
}

describe('a user', () => {
  test('that subscribed to nothing has nothing unread', async () => {
    expect(await readUnread()).toMatchObject({
      status: 200,
      body: { count: 0, subscriptions: [] },
    });
    expect(await markRead()).toMatchObject({ status: 200, body: { count: 0, subscriptions: [] } });
  });

  test('has unread what came since it subscribed, and nothing of a counter that never moved', async () => {
    await tally.change(`${post}/likes`, 5);
    for (const counter of [`${post}/likes`, `never-${post}/likes`]) {
      expect(await subscribe(counter)).toMatchObject({ status: 204 });
    }
    await expectUnread({ [`${post}/likes`]: 0, [`never-${post}/likes`]: 0 });
    await tally.change(`${post}/likes`, 3);
    await tally.change(`${post}/likes`, 1, { token: 'a' });
    await expectUnread({ [`${post}/likes`]: 4, [`never-${post}/likes`]: 0 });
  });

  test('has read it all when it marks it as read', async () => {
    await subscribe(`${post}/likes`);
    await tally.change(`${post}/likes`, 3);
    expect(await markRead()).toMatchObject({
      status: 200,
      body: { count: 0, subscriptions: [{ subject: post, counter: 'likes', count: 0 }] },
    });
    await expectUnread({ [`${post}/likes`]: 0 });
    await tally.change(`${post}/likes`, 2);
    await expectUnread({ [`${post}/likes`]: 2 });
  });

  test('subscribes once, however often: what is unread stays so', async () => {
    await subscribe(`${post}/likes`);
    await tally.change(`${post}/likes`, 3);
    expect(await subscribe(`${post}/likes`)).toMatchObject({ status: 204 });
    await expectUnread({ [`${post}/likes`]: 3 });
  });

  test('that unsubscribed hears no more of it, and begins anew when it subscribes again', async () => {
    await subscribe(`${post}/likes`);
    await tally.change(`${post}/likes`, 3);
    for (let round = 0; round < 2; round++) {
      expect(await unsubscribe(`${post}/likes`)).toMatchObject({ status: 204 });
    }
    await expectUnread({});
    await subscribe(`${post}/likes`);
    await expectUnread({ [`${post}/likes`]: 0 });
  });

  test('reads for itself alone', async () => {
    const other = `other-${user}`;
    await subscribe(`${post}/likes`);
    await subscribe(`${post}/likes`, other);
    await tally.change(`${post}/likes`, 3);
    await markRead();
    expect(await readUnread(other)).toMatchObject({ body: { count: 3 } });
    await expectUnread({ [`${post}/likes`]: 0 });
  });

  test('has the sum of what is unread on all its counters', async () => {
    const rows = { [`${post}/likes`]: 2, [`${post}/reactions`]: 1, [`${post}/views`]: 4 };
    for (const counter of Object.keys(rows)) await subscribe(counter);
    await tally.change(`${post}/likes`, 2);
    await tally.change(`${post}/views`, 4);
    await memberCalls(tally).choose(`${post}/reactions`, 'ann', 'love');
    await tally.settle();
    await expectUnread(rows);
  });

  test('may have 100 subscriptions, all of them, and no 101st', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `${post}-${index}/likes`);
    const answers = await Promise.all(names.map((name) => subscribe(name)));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 204));
    expect(await subscribe(`${post}/likes`)).toMatchObject({
      status: 409,
      body: { code: 'too_many_subscriptions' },
    });
    expect(await subscribe(names[7] ?? '')).toMatchObject({ status: 204 });
    await tally.change(names[99] ?? '', 1);
    await expectUnread({
      ...Object.fromEntries(names.map((name) => [name, 0])),
      [names[99] ?? '']: 1,
    });
    await unsubscribe(names[0] ?? '');
    expect(await subscribe(`${post}/likes`)).toMatchObject({ status: 204 });
  });
});

test('a user that subscribes to many at once ends with 100 at most', async () => {
  const names = Array.from({ length: 130 }, (_, index) => `${post}-${index}/likes`);
  const answers = await Promise.all(names.map((name) => subscribe(name)));
  const { body } = await readUnread();
  const { length } = (body as { subscriptions: unknown[] }).subscriptions;
  expect(length).toBe(answers.filter(({ status }) => status === 204).length);
  expect(length).toBeLessThanOrEqual(100);
});

describe('what is unread', () => {
  test('is never negative', async () => {
    await tally.change(`${post}/likes`, 5);
    await subscribe(`${post}/likes`);
    await tally.change(`${post}/likes`, -4);
    await expectUnread({ [`${post}/likes`]: 0 });
  });

  test('is counted from where the user marked it, also when that was lower than before', async () => {
    await tally.change(`${post}/likes`, 5);
    await subscribe(`${post}/likes`);
    await tally.change(`${post}/likes`, -4);
    await markRead();
    await tally.change(`${post}/likes`, 2);
    await expectUnread({ [`${post}/likes`]: 2 });
  });

  test('is exact, also of a counter beyond the exact integers of JSON', async () => {
    await tally.seedCell({ subject: post, counter: 'likes' }, { n: 2n ** 53n + 1n });
    expect(await subscribe(`${post}/likes`)).toMatchObject({ status: 204 });
    await tally.change(`${post}/likes`, 3);
    await expectUnread({ [`${post}/likes`]: 3 });
    expect(await markRead()).toMatchObject({ status: 200, body: { count: 0 } });
    await tally.change(`${post}/likes`, 1);
    await expectUnread({ [`${post}/likes`]: 1 });
  });

  test('of a counter that anybody has made too large is a problem in its own row alone', async () => {
    const names = [`${post}/likes`, `${post}/views`];
    for (const name of names) await subscribe(name);
    await tally.change(`${post}/views`, 4);
    await tally.settle();
    await tally.seedCell({ subject: post, counter: 'likes' }, { n: 2n ** 53n });
    const tooLarge = {
      subject: post,
      counter: 'likes',
      status: 409,
      code: 'count_too_large',
      title: expect.any(String),
      type: '/docs/errors#count_too_large',
      detail: expect.stringContaining('9007199254740992'),
    };
    expect(await readUnread()).toMatchObject({
      status: 200,
      body: { count: 4, subscriptions: [tooLarge, { subject: post, counter: 'views', count: 4 }] },
    });
    expect(await markRead()).toMatchObject({ status: 200, body: { count: 0 } });
    await tally.change(`${post}/likes`, 3);
    await expectUnread({ [`${post}/likes`]: 3, [`${post}/views`]: 0 });
  });

  test('has no sum where JSON cannot carry it, but all its rows', async () => {
    for (const counter of ['likes', 'views']) {
      await subscribe(`${post}/${counter}`);
      await tally.seedCell({ subject: post, counter }, { n: 2n ** 53n - 1n });
    }
    const count = Number.MAX_SAFE_INTEGER;
    expect(await readUnread()).toMatchObject({
      status: 200,
      body: { count: null, subscriptions: [{ count }, { count }] },
    });
  });

  test('goes by what is folded: what was pending when the user subscribed or looked is unread', async () => {
    await tally.change(`${post}/views`, 5);
    await subscribe(`${post}/views`);
    await expectUnread({ [`${post}/views`]: 0 });
    await tally.settle();
    await expectUnread({ [`${post}/views`]: 5 });
    await tally.change(`${post}/views`, 2);
    expect(await markRead()).toMatchObject({ body: { count: 0 } });
    await tally.settle();
    await expectUnread({ [`${post}/views`]: 2 });
  });

  test('stays unread when the counter is reset, and goes on from there', async () => {
    await tally.change(`${post}/likes`, 5);
    await subscribe(`${post}/likes`);
    await tally.change(`${post}/likes`, 3);
    expect(await reset(`${post}/likes`)).toMatchObject({ status: 200, body: { count: 0 } });
    await expectUnread({ [`${post}/likes`]: 3 });
    await tally.change(`${post}/likes`, 2);
    await expectUnread({ [`${post}/likes`]: 5 });
    await markRead();
    await reset(`${post}/likes`);
    await reset(`${post}/likes`);
    await expectUnread({ [`${post}/likes`]: 0 });
    await tally.change(`${post}/likes`, 1);
    await expectUnread({ [`${post}/likes`]: 1 });
  });

  test('of a reaction is how many more react; one that moves is nothing new', async () => {
    const calls = memberCalls(tally);
    const reactions = `${post}/reactions`;
    await calls.choose(reactions, 'ann', 'like');
    await tally.settle();
    await subscribe(reactions);
    await calls.choose(reactions, 'ann', 'love');
    await calls.choose(reactions, 'bob', 'like');
    await tally.settle();
    await expectUnread({ [reactions]: 1 });
    await calls.remove(reactions, 'ann');
    await calls.remove(reactions, 'bob');
    await tally.settle();
    await expectUnread({ [reactions]: 0 });
  });

  test('of a reaction is the same when one of its choices leaves the configuration', async () => {
    const calls = memberCalls(tally);
    const reactions = `${post}/reactions`;
    for (const member of ['ann', 'bob', 'cid']) await calls.choose(reactions, member, 'love');
    await tally.settle();
    await subscribe(reactions);
    const { reactions: before, ...others } = counters;
    const fewer = { ...others, reactions: { ...before, choices: ['like'] } } as typeof counters;
    const later = await createTallyUnderTest({ counters: fewer, adminKey, table: tally.table });
    for (const member of ['dora', 'eva']) {
      await memberCalls(later).choose(reactions, member, 'like');
    }
    await tally.settle();
    const readLater = async (method: string, path: string) => {
      const headers = { authorization: `Bearer ${adminKey}` };
      const { body } = await later.send({ method, path: `/v1/users/${user}${path}`, headers });
      return (body as { count: number }).count;
    };
    expect(await readLater('GET', '/unread')).toBe(2);
    expect(await readLater('POST', '/unread/read')).toBe(0);
    // And when it comes back.
    await expectUnread({ [reactions]: 0 });
  });

  test('is not lost to a second device that marks at the same time', async () => {
    await subscribe(`${post}/likes`);
    await tally.change(`${post}/likes`, 3);
    await Promise.all([markRead(), tally.change(`${post}/likes`, 2), markRead(), markRead()]);
    const { body } = await readUnread();
    const { count } = body as { count: number };
    expect([0, 2]).toContain(count);
    await tally.change(`${post}/likes`, 1);
    await expectUnread({ [`${post}/likes`]: count + 1 });
  });

  test('owes nothing after a reset: what had fallen before it hides nothing that comes after', async () => {
    await tally.change(`${post}/likes`, 8);
    await subscribe(`${post}/likes`);
    await tally.change(`${post}/likes`, -3);
    await reset(`${post}/likes`);
    await expectUnread({ [`${post}/likes`]: 0 });
    await tally.change(`${post}/likes`, 2);
    await expectUnread({ [`${post}/likes`]: 2 });
    await markRead();
    await tally.change(`${post}/likes`, 1);
    await expectUnread({ [`${post}/likes`]: 1 });
  });

  test('follows any history of changes, resets and marks of a plain sum', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ change: fc.integer({ min: -3, max: 5 }) }) },
      { weight: 1, arbitrary: fc.constant('reset' as const) },
      { weight: 2, arbitrary: fc.constant('mark' as const) },
    );
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('likes', 'views', 'stock'),
        fc.array(step, { maxLength: 12 }),
        async (counter, steps) => {
          const name = `${post}-${runs++}/${counter}`;
          user = `user-${tests}-${runs}`;
          const headers = { authorization: `Bearer ${adminKey}` };
          await subscribe(name);
          let [count, resetAway, seen] = [0, 0, 0];
          for (const it of steps) {
            if (it === 'mark') {
              expect(await markRead()).toMatchObject({ status: 200, body: { count: 0 } });
              [seen, resetAway] = [count, 0];
            } else if (it === 'reset') {
              await reset(name);
              [resetAway, count] = [resetAway + count, 0];
            } else if (it.change !== 0) {
              const { status } = await tally.change(name, it.change, { headers });
              if (status === 200) count += it.change;
            }
            await tally.settle();
            const unread =
              resetAway === 0
                ? Math.max(0, count - seen)
                : Math.max(0, resetAway - seen) + Math.max(0, count);
            await expectUnread({ [name]: unread });
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('refused is', () => {
  test.each(['daily', 'viewers', 'visitors', 'orders'])(
    'a subscription to %s, which has no total of all time that grows',
    async (counter) => {
      expect(await subscribe(`${post}/${counter}`)).toMatchObject({
        status: 409,
        body: { code: 'wrong_kind' },
      });
      await expectUnread({});
    },
  );

  test.each([
    ['PUT', '/users/*/subscriptions/post/likes', 'invalid_user'],
    ['GET', '/users/my%2Fself/unread', 'invalid_user'],
    ['PUT', '/users/ann/subscriptions/post/nothing', 'unknown_counter'],
    ['PUT', '/users/ann/subscriptions/*/likes', 'invalid_subject'],
    ['DELETE', '/users/ann/subscriptions/post/nothing', 'unknown_counter'],
  ])('%s %s: %s', async (method, path, code) => {
    expect(await send(method, path)).toMatchObject({ body: { code } });
  });

  test.each([
    ['GET', '/v1/users/ann/unread'],
    ['POST', '/v1/users/ann/unread/read'],
    ['PUT', '/v1/users/ann/subscriptions/post/likes'],
    ['DELETE', '/v1/users/ann/subscriptions/post/likes'],
  ])('%s %s without a key, though the counter is public', async (method, path) => {
    expect(await tally.send({ method, path })).toMatchObject({
      status: 401,
      body: { code: 'key_required' },
    });
  });
});

test('what the caller may not read is in no list, no sum, and is not marked', async () => {
  const { unread } = createCounters(
    storedContext({ ...tally, counters, now: tally.clock.now }).context,
  );
  await subscribe(`${post}/likes`);
  await subscribe(`secret-${post}/likes`);
  await tally.change(`${post}/likes`, 1);
  await tally.change(`secret-${post}/likes`, 10);
  const mayRead = async ({ subject }: { subject: string }) => !subject.startsWith('secret');
  const own = { subject: post, counter: 'likes' };
  expect(await unread.read(user, mayRead)).toEqual({
    ok: true,
    count: 1,
    subscriptions: [{ ...own, unread: { ok: true, count: 1 } }],
  });
  expect(await unread.markRead(user, mayRead)).toEqual({
    ok: true,
    count: 0,
    subscriptions: [{ ...own, unread: { ok: true, count: 0 } }],
  });
  await expectUnread({ [`${post}/likes`]: 0, [`secret-${post}/likes`]: 10 });
});
