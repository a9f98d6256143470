import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { type MemberCalls, memberCalls } from '../../harness/members/member-calls.ts';
import { createStreamedTally, type StreamedTally } from '../../harness/members/streamed-tally.ts';
import { type Instance, open } from '../../harness/tally-under-test.ts';

const heartbeatMs = 10_000;

let tally: StreamedTally;
let calls: MemberCalls;
/** A subject that no other test uses. */
let post: string;
let posts = 0;

beforeAll(async () => {
  tally = await createStreamedTally({
    counters: {
      likes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: open },
      daily: { kind: 'count', windows: ['day'], access: open },
      hourly: { kind: 'count', write: 'deferred', windows: ['hour'], access: open },
      calls: { kind: 'count', windows: ['minute'], access: open },
      'views-a-minute': { kind: 'count', write: 'deferred', windows: ['minute'], access: open },
      reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
      viewers: { kind: 'presence', access: open },
      visitors: { kind: 'unique', windows: ['day'], access: open },
    },
    settings: { readCacheSeconds: 0 },
    regions: ['local', 'elsewhere'],
    instances: 3,
    redelivers: false,
  });
  calls = memberCalls(tally);
});

beforeEach(async () => {
  post = `post-${posts++}`;
  tally.advance(2 * limits.watchSeconds * 1000);
  await messages();
});

afterAll(() => tally.stop());

/** What was published since the last call. */
async function messages(): Promise<Readonly<Record<string, unknown>>[]> {
  await tally.settle();
  expect(tally.failures).toEqual([]);
  return tally.messages.splice(0).map(({ body }) => body);
}

/** Listens, and waits until no function remembers any more that nobody did. */
async function watch(counter: string, on: Instance = tally): Promise<string> {
  const answer = await on.send({ method: 'GET', path: `/v1/${counter}/live` });
  tally.advance(limits.unwatchedCacheMs);
  expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  return (answer.body as { channel: string }).channel;
}

const today = () => nowText().slice(0, 10);
const nowText = () => new Date(tally.clock.now()).toISOString();

describe('where to listen', () => {
  test('is said with all that a client needs', async () => {
    const answer = await tally.send({ method: 'GET', path: `/v1/${post}/likes/live` });
    expect(answer.body).toEqual({
      realtime: 'wss://live.test',
      http: 'https://live.test/event',
      api_key: 'test',
      channel: expect.stringMatching(/^\/counters\/[0-9a-f]{32}$/),
      renew_after_seconds: 300,
    });
  });

  test('is the same for every caller, and another for every counter', async () => {
    const names = [`${post}/likes`, `${post}/views`, `other-${post}/likes`, `${post}/reactions`];
    const channels = await Promise.all(names.map((name) => watch(name)));
    expect(new Set(channels).size).toBe(names.length);
    for (const instance of [...tally.instances, tally.at.elsewhere ?? tally]) {
      expect(await watch(`${post}/likes`, instance)).toBe(channels[0]);
    }
  });
});

describe('a counter that nobody watches', () => {
  test('publishes nothing, whatever its kind', async () => {
    await tally.change(`${post}/likes`, 1);
    await tally.change(`${post}/views`, 1);
    await calls.choose(`${post}/reactions`, 'ann', 'like');
    await calls.come(`${post}/viewers`, 'ann');
    await calls.come(`${post}/visitors`, 'ann');
    expect(await messages()).toEqual([]);
  });

  test('publishes nothing because another counter or subject is watched', async () => {
    await watch(`${post}/likes`);
    await watch(`other-${post}/reactions`);
    await tally.change(`${post}/views`, 1);
    await calls.choose(`${post}/reactions`, 'ann', 'like');
    expect(await messages()).toEqual([]);
  });

  test('is one that was watched until its watch ran out', async () => {
    for (const counter of ['likes', 'views', 'reactions', 'viewers']) {
      await watch(`${post}/${counter}`);
    }
    tally.advance(limits.watchSeconds * 1000);
    await tally.change(`${post}/likes`, 1);
    await tally.change(`${post}/views`, 1);
    await calls.choose(`${post}/reactions`, 'ann', 'like');
    await calls.come(`${post}/viewers`, 'ann');
    expect(await messages()).toEqual([]);
  });
});

describe('listening', () => {
  test('makes one item a counter, which expires, and none of another kind', async () => {
    await watch(`${post}/likes`);
    await watch(`${post}/likes`);
    await watch(`${post}/daily`);
    const made = (await tally.items()).filter(({ pk }) => String(pk).includes(post));
    expect(made.map(({ pk, sk }) => `${String(pk)} ${String(sk)}`).toSorted()).toEqual([
      `w#${post}#daily local`,
      `w#${post}#likes local`,
    ]);
    const latest = tally.clock.now() / 1000 + limits.watchSeconds + limits.keepWatchSeconds + 1;
    for (const { x } of made) expect(Number(x)).toBeLessThanOrEqual(latest);
  });
});

describe('a counter that is watched', () => {
  test('tells its new total on its channel: of a change made at once, and of a folded one', async () => {
    for (const counter of ['likes', 'views']) {
      const channel = await watch(`${post}/${counter}`);
      await tally.change(`${post}/${counter}`, 3, { token: 'a' });
      await tally.settle();
      expect(tally.messages.splice(0)).toEqual([
        { channel, body: { subject: post, counter, count: 3, version: 1, updated_at: nowText() } },
      ]);
    }
  });

  test('tells a newer total with a later version, also where a clock is behind', async () => {
    await watch(`${post}/likes`);
    await tally.change(`${post}/likes`, 1);
    const [first] = await messages();
    tally.advance(-20);
    await tally.change(`${post}/likes`, 1);
    const [second] = await messages();
    tally.advance(20);
    expect([first, second]).toMatchObject([
      { count: 1, version: 1 },
      { count: 2, version: 2 },
    ]);
  });

  test('tells every choice of a reaction', async () => {
    await watch(`${post}/reactions`);
    await calls.choose(`${post}/reactions`, 'ann', 'like');
    await messages();
    await calls.choose(`${post}/reactions`, 'bob', 'like');
    await calls.choose(`${post}/reactions`, 'ann', 'love');
    expect(await messages()).toEqual([
      {
        subject: post,
        counter: 'reactions',
        count: 2,
        choices: { like: 1, love: 1 },
        version: 2,
        updated_at: expect.stringMatching(/Z$/),
      },
    ]);
  });

  test('tells how many viewers there are when one comes and when one goes', async () => {
    await watch(`${post}/viewers`);
    for (const [viewer, count] of [
      ['ann', 1],
      ['bob', 2],
    ] as const) {
      await calls.come(`${post}/viewers`, viewer);
      expect(await messages()).toMatchObject([{ subject: post, counter: 'viewers', count }]);
    }
    await calls.leave(`${post}/viewers`, 'ann');
    expect(await messages()).toMatchObject([{ count: 1 }]);
  });

  test('sends one message for two changes in one batch, with the total of both', async () => {
    await watch(`${post}/likes`);
    await watch(`${post}/views`);
    for (const counter of ['likes', 'views']) {
      await tally.change(`${post}/${counter}`, 1);
      await tally.change(`${post}/${counter}`, 2, { token: 'a' });
    }
    expect(await messages()).toMatchObject([
      { counter: 'views', count: 3 },
      { counter: 'likes', count: 3 },
    ]);
  });

  test('sends one message for a change that moves several of its cells', async () => {
    await tally.seedCell({ subject: post, counter: 'likes' }, { n: 0, s: 4 });
    await watch(`${post}/likes`);
    await messages();
    for (let round = 0; round < 12; round++) await tally.change(`${post}/likes`, 1);
    const cells = (await tally.items()).filter(({ pk }) =>
      String(pk).startsWith(`c#${post}#likes`),
    );
    expect(cells.length).toBeGreaterThan(2);
    expect(await messages()).toMatchObject([{ count: 12 }]);
  });

  test('tells nothing of a watch, of a renewed watch, and of what changes nothing', async () => {
    await calls.choose(`${post}/reactions`, 'ann', 'like');
    await watch(`${post}/reactions`);
    await watch(`${post}/likes`);
    await messages();
    tally.advance(limits.renewWatchAfterSeconds * 1000);
    await watch(`${post}/reactions`);
    await watch(`${post}/likes`);
    await calls.choose(`${post}/reactions`, 'ann', 'like');
    await tally.change(`${post}/views`, 1);
    expect(await messages()).toEqual([]);
  });

  test('is watched on for as long as somebody asks again when told to, even a minute late', async () => {
    const counters = ['likes', 'views', 'reactions', 'calls', 'views-a-minute', 'hourly', 'daily'];
    const lateMs = (limits.renewWatchAfterSeconds + 60) * 1000;
    // A second listener comes when the watch of the first is still too young to be renewed.
    for (const counter of counters) await watch(`${post}/${counter}`);
    tally.advance((limits.watchSeconds - limits.renewWatchAfterSeconds) * 1000 - 1);
    for (let round = 0; round < 8; round++) {
      for (const counter of counters) await watch(`${post}/${counter}`);
      tally.advance(lateMs);
      await messages();
      for (const counter of counters) {
        if (counter === 'reactions') {
          await calls.choose(`${post}/reactions`, 'ann', round % 2 ? 'like' : 'love');
        } else await tally.change(`${post}/${counter}`, 1);
      }
      const told = (await messages()).map(({ counter }) => String(counter));
      expect(told.toSorted(), `round ${round}`).toEqual(counters.toSorted());
    }
  });

  test('goes on over midnight with the total of the new day', async () => {
    tally.advance(86_400_000 - (tally.clock.now() % 86_400_000) - 60_000);
    await watch(`${post}/daily`);
    await tally.change(`${post}/daily`, 5);
    const [before] = await messages();
    expect(before).toMatchObject({ count: 5, window: today() });
    tally.advance(60_000);
    await tally.change(`${post}/daily`, 1);
    const [after] = await messages();
    expect(after).toMatchObject({ count: 1, window: today(), updated_at: nowText() });
    expect(String(after?.window) > String(before?.window)).toBe(true);
  });

  test('does not tell of a window that is over, when it is folded late', async () => {
    await watch(`${post}/hourly`);
    await tally.change(`${post}/hourly`, 5);
    tally.advance(3_600_000);
    await watch(`${post}/hourly`);
    expect(await messages()).toEqual([]);
  });

  test('tells in every region that is watched of what moved in another one', async () => {
    const there = tally.at.elsewhere ?? tally;
    await watch(`${post}/likes`);
    await there.change(`${post}/likes`, 2);
    expect(await messages()).toMatchObject([{ count: 2 }]);
    await watch(`${post}/likes`, there);
    await tally.change(`${post}/likes`, 1);
    expect(await messages()).toMatchObject([{ count: 3 }, { count: 3 }]);
  });

  test('whose message is not taken has counted all the same, and tells of the next', async () => {
    await watch(`${post}/views`);
    await tally.change(`${post}/views`, 1);
    const refused = new Error('AppSync answered 500');
    tally.failPublishing(refused);
    await tally.settle();
    expect(tally.failures.splice(0)).toEqual([refused]);
    tally.failPublishing(undefined);
    expect(await tally.read(`${post}/views`)).toMatchObject({ body: { count: 1 } });
    await tally.change(`${post}/views`, 1);
    expect(await messages()).toMatchObject([{ count: 2 }]);
  });
});

describe('heartbeats', () => {
  const viewers = Array.from({ length: 6 }, (_, index) => `viewer-${index}`);

  beforeEach(async () => {
    tally.advance(heartbeatMs - (tally.clock.now() % heartbeatMs));
    await watch(`${post}/viewers`);
    for (const viewer of viewers) await calls.come(`${post}/viewers`, viewer);
    expect(await messages()).toMatchObject([{ count: 6 }]);
  });

  test('of the same viewers are told once a heartbeat, not once a batch', async () => {
    for (let beat = 1; beat <= 3; beat++) {
      tally.advance(heartbeatMs - (tally.clock.now() % heartbeatMs));
      const told: unknown[] = [];
      for (const viewer of viewers) {
        await calls.come(`${post}/viewers`, viewer);
        told.push(...(await messages()));
        tally.advance(heartbeatMs / 20);
      }
      expect(told).toMatchObject([{ count: 6 }]);
    }
  });

  test('of a viewer more or less are told at once', async () => {
    await calls.come(`${post}/viewers`, 'one-more');
    expect(await messages()).toMatchObject([{ count: 7 }]);
    await calls.leave(`${post}/viewers`, 'one-more');
    expect(await messages()).toMatchObject([{ count: 6 }]);
  });

  test('that a message could not tell of are told with the next batch', async () => {
    await calls.come(`${post}/viewers`, 'one-more');
    tally.failPublishing(new Error('AppSync answered 500'));
    await tally.settle();
    tally.failPublishing(undefined);
    tally.failures.splice(0);
    await calls.leave(`${post}/viewers`, 'nobody');
    await calls.leave(`${post}/viewers`, 'viewer-0');
    await calls.come(`${post}/viewers`, 'viewer-0');
    expect(await messages()).toMatchObject([{ count: 7 }]);
  });
});

test('no message carries an older total after a newer one, whatever is delivered when', async () => {
  const step = fc.record({
    counter: fc.constantFrom('likes', 'views', 'reactions'),
    instance: fc.nat(2),
    waitsMs: fc.constantFrom(0, 0, 1, 700),
    delivers: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
      post = `post-${posts++}`;
      for (const counter of ['likes', 'views', 'reactions']) await watch(`${post}/${counter}`);
      const told: Readonly<Record<string, unknown>>[] = [];
      let writing: Promise<unknown>[] = [];
      for (const [index, { counter, instance, waitsMs, delivers }] of steps.entries()) {
        const on = tally.instances[instance] ?? tally;
        writing.push(
          counter === 'reactions'
            ? memberCalls(on).choose(`${post}/reactions`, `user-${index}`, 'like')
            : on.change(`${post}/${counter}`, 1, index % 2 ? { token: `${index}` } : {}),
        );
        if (delivers) told.push(...(await messages()));
        else {
          await Promise.all(writing);
          writing = [];
        }
        tally.advance(waitsMs);
      }
      await Promise.all(writing);
      told.push(...(await messages()));
      for (const counter of ['likes', 'views', 'reactions']) {
        // All changes here are upwards, so a smaller total is an older one.
        const own = told.filter((message) => message.counter === counter);
        const totals = own.map(({ count }) => Number(count));
        expect(totals).toEqual(totals.toSorted((a, b) => a - b));
        const accepted = steps.filter((it) => it.counter === counter).length;
        expect(totals.at(-1) ?? 0).toBe(accepted);
      }
    }),
    { numRuns: 10 },
  );
});
