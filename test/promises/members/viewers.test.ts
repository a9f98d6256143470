import fc from 'fast-check';
import pLimit from 'p-limit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { type MemberCalls, memberCalls } from '../../harness/members/member-calls.ts';
import { createStreamedTally, type StreamedTally } from '../../harness/members/streamed-tally.ts';
import { open } from '../../harness/tally-under-test.ts';

const heartbeatMs = 10_000;
const awayMs = 30_000;
const DAY = 86_400_000;

let tally: StreamedTally;
let calls: MemberCalls;
/** A counter that no other test uses. */
let film: string;
let films = 0;

beforeAll(async () => {
  tally = await createStreamedTally({
    counters: { viewers: { kind: 'presence', access: open } },
    // With two regions a bucket is two cells, which would be remembered for a second.
    settings: { readCacheSeconds: 0 },
    regions: ['local', 'elsewhere'],
    instances: 3,
  });
  calls = memberCalls(tally);
});

beforeEach(() => {
  film = `film-${films++}/viewers`;
  toNextBucket();
});

afterAll(() => tally.stop());

function toNextBucket(): void {
  tally.advance(heartbeatMs - (tally.clock.now() % heartbeatMs));
}

async function countOf(counter: string): Promise<unknown> {
  await tally.settle();
  const { body } = await calls.read(counter, { consistent: 'true' });
  return (body as { count: unknown }).count;
}

const expectCount = async (count: number) => expect(await countOf(film)).toBe(count);

/** Several requests under way, over several connections. */
async function each(
  viewers: readonly string[],
  call: (on: MemberCalls, viewer: string) => Promise<{ status: number }>,
): Promise<void> {
  const limit = pLimit(24);
  const answers = await Promise.all(
    viewers.map((viewer, index) =>
      limit(() => call(memberCalls(tally.instances[index % 3] ?? tally), viewer)),
    ),
  );
  for (const { status } of answers) expect(status).toBeLessThan(300);
}

const beat = (viewers: readonly string[]) => each(viewers, (on, viewer) => on.come(film, viewer));

test('300 viewers, of which 100 leave and 100 are killed, are 300, 200 and 100', async () => {
  const viewers = Array.from({ length: 300 }, (_, index) => `viewer-${index}`);
  // Those between are killed: they say nothing any more.
  const [leaving, staying] = [viewers.slice(0, 100), viewers.slice(200)];
  await beat(viewers);
  await expectCount(300);

  await each(leaving, (on, viewer) =>
    viewer.endsWith('0') ? on.leave(film, viewer, '') : on.remove(film, viewer),
  );
  await expectCount(200);

  // The bucket of the last beat of the killed is over after a heartbeat, and away 30 seconds later.
  for (let passedMs = heartbeatMs; passedMs < heartbeatMs + awayMs; passedMs += heartbeatMs) {
    tally.advance(heartbeatMs);
    await expectCount(200);
    await beat(staying);
    await expectCount(200);
  }
  tally.advance(heartbeatMs - 1);
  await expectCount(200);
  tally.advance(1);
  await expectCount(100);

  tally.advance(heartbeatMs + awayMs);
  await expectCount(0);
});

describe('a viewer', () => {
  test('counts from its first beat on, as it is told at once', async () => {
    expect(await calls.come(film, 'ann')).toMatchObject({ status: 200, body: { count: 1 } });
    expect(await calls.come(film, 'ann')).toMatchObject({ body: { count: 1 } });
    await expectCount(1);
    expect(await calls.come(film, 'bob')).toMatchObject({ body: { count: 2 } });
    await expectCount(2);
    tally.advance(heartbeatMs);
    expect(await calls.come(film, 'bob')).toMatchObject({ body: { count: 2 } });
  });

  test('counts once in two tabs', async () => {
    for (let round = 0; round < 4; round++) {
      await beat(['ann', 'ann']);
      await expectCount(1);
      tally.advance(heartbeatMs / 2);
    }
  });

  test('without sessions has one: it has gone when it leaves, until it beats again', async () => {
    await beat(['ann', 'ann']);
    await calls.leave(film, 'ann');
    await expectCount(0);
    await beat(['ann']);
    await expectCount(1);
  });

  test('counts again when it beats after having been away', async () => {
    await beat(['ann', 'bob']);
    tally.advance(heartbeatMs + awayMs);
    await expectCount(0);
    expect(await calls.come(film, 'ann')).toMatchObject({ body: { count: 1 } });
    await expectCount(1);
    tally.advance(heartbeatMs + awayMs - 1);
    await expectCount(1);
  });

  test('counts again when it beats after it has left', async () => {
    await beat(['ann']);
    await calls.remove(film, 'ann');
    await beat(['ann']);
    await expectCount(1);
  });

  test('of another subject does not count here', async () => {
    await beat(['ann']);
    await calls.come(`other-${film}`, 'ann');
    await calls.come(`other-${film}`, 'bob');
    await expectCount(1);
    expect(await countOf(`other-${film}`)).toBe(2);
    await calls.leave(`other-${film}`, 'ann');
    await expectCount(1);
  });

  test('writes nothing that counts when it beats again in the same bucket', async () => {
    await beat(['ann']);
    await tally.settle();
    const before = await tally.cells();
    tally.advance(heartbeatMs - 1);
    await beat(['ann', 'ann']);
    await tally.settle();
    expect(await tally.cells()).toEqual(before);
    tally.advance(1);
    await beat(['ann']);
    await tally.settle();
    expect(await tally.cells()).not.toEqual(before);
    await expectCount(1);
  });

  test('is told to beat again before its heartbeat is over, not with all the others', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => calls.come(film, `viewer-${index}`)),
    );
    const told = answers.map(
      ({ body }) => (body as { next_beat_seconds: number }).next_beat_seconds,
    );
    for (const seconds of told) {
      expect(seconds).toBeGreaterThanOrEqual(8);
      expect(seconds).toBeLessThanOrEqual(10);
    }
    expect(new Set(told).size).toBeGreaterThan(10);
  });
});

describe('the sessions of a viewer', () => {
  const sessions = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `tab-${from + index}`);
  const openTabs = async (names: readonly string[], viewer = 'ann') => {
    for (const name of names) {
      expect(await calls.come(film, viewer, name)).toMatchObject({ status: 200 });
    }
  };
  const leave = (session: string) => calls.leave(film, 'ann', { session });

  test('count once, and keep it here while one of them is', async () => {
    await openTabs(['tab-1', 'tab-2']);
    await expectCount(1);
    expect(await leave('tab-1')).toMatchObject({ status: 204 });
    await expectCount(1);
    await leave('tab-2');
    await expectCount(0);
  });

  test('have one without a name among them', async () => {
    await openTabs(['tab-1']);
    await beat(['ann']);
    await calls.leave(film, 'ann');
    await expectCount(1);
    await leave('tab-1');
    await expectCount(0);
  });

  test('all end when the viewer is removed', async () => {
    await openTabs(['tab-1', 'tab-2']);
    await beat(['ann']);
    expect(await calls.remove(film, 'ann')).toMatchObject({ status: 204 });
    await expectCount(0);
  });

  test('fall silent one by one, and the viewer with the last of them', async () => {
    await openTabs(['tab-1', 'tab-2']);
    for (let round = 0; round < 4; round++) {
      tally.advance(heartbeatMs);
      await openTabs(['tab-2']);
    }
    // The first is long gone, so nobody is left.
    await leave('tab-2');
    await expectCount(0);
  });

  test('that leave put the viewer where the others were last', async () => {
    await openTabs(['tab-1']);
    tally.advance(2 * heartbeatMs);
    await openTabs(['tab-2']);
    await leave('tab-2');
    await expectCount(1);
    tally.advance(heartbeatMs + awayMs - 2 * heartbeatMs - 1);
    await expectCount(1);
    tally.advance(1);
    await expectCount(0);
  });

  test('are 16 at most: when there are more, the one that was here first is forgotten', async () => {
    expect(limits.sessionsOfViewer).toBe(16);
    for (const name of sessions(0, 17)) {
      tally.advance(1);
      await openTabs([name]);
    }
    for (const name of sessions(1, 16)) await leave(name);
    await expectCount(1);
    await leave('tab-16');
    await expectCount(0);
  });

  test('leave at the same time, and others come: nobody is lost', async () => {
    await openTabs(sessions(0, 4));
    await Promise.all([
      ...sessions(0, 4).map(leave),
      ...sessions(4, 6).map((name) => calls.come(film, 'ann', name)),
    ]);
    await expectCount(1);
    await leave('tab-4');
    await expectCount(1);
    await leave('tab-5');
    await expectCount(0);
  });

  test('may have any name', async () => {
    for (const name of ['-', 'ä b#c', crypto.randomUUID(), 'x'.repeat(128)]) await openTabs([name]);
    await calls.leave(film, 'ann');
    await expectCount(1);
    for (const name of ['ä b#c', 'x'.repeat(128)]) await leave(name);
    await expectCount(1);
  });
});

test('a heartbeat says that it is pending until it is folded for certain, and its count has the viewer once', async () => {
  const beatOf = async (viewer: string) => (await calls.come(film, viewer)).body;
  await beat(['bob']);
  await tally.settle();
  tally.advance(1);
  expect(await beatOf('ann')).toMatchObject({ count: 2, pending: true });
  tally.advance(50);
  expect(await beatOf('ann')).toMatchObject({ count: 2, pending: true });
  await tally.settle();
  tally.advance(1_000);
  expect(await beatOf('ann')).toMatchObject({ count: 2 });
  for (let round = 0; round < 6; round++) {
    tally.advance(heartbeatMs);
    await beat(['ann', 'bob']);
  }
  await tally.settle();
  expect(await beatOf('ann')).toMatchObject({ count: 2, pending: false });
});

describe('leaving', () => {
  test.each([
    ['nothing', undefined],
    ['no text', ''],
    ['an empty object', {}],
    ['JSON as text', '{}'],
    ['a session', '{"session":"tab-1"}'],
  ])('takes what sendBeacon sends: %s', async (_, body) => {
    await calls.come(
      film,
      'ann',
      typeof body === 'string' && body.length > 2 ? 'tab-1' : undefined,
    );
    await beat(['bob']);
    const headers = { 'content-type': 'text/plain;charset=UTF-8', origin: 'https://film.example' };
    const path = `/v1/${film}/members/ann/leave`;
    const answer = await tally.send({ method: 'POST', path, headers, body });
    expect(answer).toMatchObject({ status: 204, body: '' });
    await expectCount(1);
  });

  test.each([
    ['text', 'bye', 'invalid_json'],
    ['another field', { bye: true }, 'unknown_field'],
    ['a session without a name', { session: '' }, 'invalid_body'],
    ['a session that is a number', { session: 1 }, 'invalid_body'],
    ['a session with a name that is too long', { session: 'x'.repeat(129) }, 'invalid_body'],
  ])('refuses %s instead of ignoring it, and so does a heartbeat', async (_, body, code) => {
    await beat(['ann']);
    const refused = { status: 400, body: { code } };
    expect(await calls.leave(film, 'ann', body)).toMatchObject(refused);
    const path = `/v1/${film}/members/bob`;
    expect(await tally.send({ method: 'PUT', path, body })).toMatchObject(refused);
    await expectCount(1);
  });

  test('twice, or without having come, is the same as once', async () => {
    await beat(['ann', 'bob']);
    for (const viewer of ['ann', 'ann', 'nobody']) {
      expect(await calls.leave(film, viewer)).toMatchObject({ status: 204 });
      expect(await calls.remove(film, viewer)).toMatchObject({ status: 204 });
    }
    await expectCount(1);
  });

  test('after having been away takes nothing from those who are here', async () => {
    await beat(['ann']);
    tally.advance(heartbeatMs + awayMs);
    await beat(['bob']);
    await calls.leave(film, 'ann');
    await expectCount(1);
  });
});

describe('expiry', () => {
  test('of viewers that are long gone, by DynamoDB, takes nothing away', async () => {
    await beat(['ann', 'bob']);
    await tally.settle();
    tally.advance(DAY + heartbeatMs);
    await calls.remove(film, 'ann');
    await beat(['bob']);
    await expectCount(1);
  });

  test('comes for everything that a viewer leaves behind, except one number', async () => {
    await beat(['ann']);
    await tally.settle();
    const [subject = ''] = film.split('/');
    const left = (await tally.items()).filter(({ pk }) => String(pk).split('#')[1] === subject);
    expect(left.map(({ pk }) => String(pk)).toSorted()).toEqual([
      `c#${subject}#viewers#local#0`,
      `m#${subject}#viewers#ann`,
    ]);
    const x = Number(left.find(({ pk }) => String(pk).startsWith('m#'))?.x);
    expect(x * 1000).toBeGreaterThan(tally.clock.now() + heartbeatMs + awayMs);
    expect(x * 1000).toBeLessThan(tally.clock.now() + 2 * DAY);
  });
});

test('the time of the last change never goes back while viewers come, leave and fall silent', async () => {
  const updatedAt = async (count: number) => {
    await tally.settle();
    const { body } = await calls.read(film);
    expect(body).toMatchObject({ count, updated_at: expect.stringMatching(/Z$/) });
    return (body as { updated_at: string }).updated_at;
  };
  await beat(['ann', 'bob', 'eve']);
  const times = [await updatedAt(3)];
  tally.advance(heartbeatMs);
  await beat(['ann']);
  times.push(await updatedAt(3));
  tally.advance(heartbeatMs / 2);
  await calls.leave(film, 'bob');
  times.push(await updatedAt(2));
  // Eve goes, and with her the bucket that changed last.
  tally.advance(awayMs - heartbeatMs / 2);
  times.push(await updatedAt(1));
  expect(times).toEqual([...new Set(times)].toSorted());
  expect(times.at(-1)).toBe(new Date(tally.clock.now()).toISOString());
});

test('nobody has seen a film that was never shown', async () => {
  expect(await calls.read(film)).toMatchObject({
    status: 200,
    body: { count: 0, updated_at: null },
  });
});

test('a viewer that goes on in another region counts once', async () => {
  const there = memberCalls(tally.at.elsewhere ?? tally);
  await beat(['ann', 'bob']);
  await expectCount(2);
  await there.come(film, 'ann');
  await expectCount(2);
  tally.advance(heartbeatMs);
  await there.come(film, 'ann');
  await calls.come(film, 'ann');
  await expectCount(2);
  await there.leave(film, 'ann');
  await expectCount(1);
});

test('any history of beats, leaving and time ends with the viewers of a plain list', async () => {
  const viewer = fc.constantFrom('ann', 'bob', 'eve');
  const session = fc.constantFrom('tab-1', 'tab-2', undefined);
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant('beat' as const), viewer, session }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('leave' as const), viewer, session }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('remove' as const), viewer }) },
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constant('wait' as const),
        ms: fc.integer({ min: 1, max: 2 * awayMs }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('count' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      film = `film-${films++}/viewers`;
      /** By viewer and session. */
      const goesAtMs = new Map<string, Map<string | undefined, number>>();
      const sessionsOf = (name: string) => {
        const known = goesAtMs.get(name) ?? new Map<string | undefined, number>();
        goesAtMs.set(name, known);
        return known;
      };
      const here = () =>
        [...goesAtMs.values()].filter((sessions) =>
          [...sessions.values()].some((atMs) => atMs > tally.clock.now()),
        ).length;
      for (const it of steps) {
        const nowMs = tally.clock.now();
        if (it.does === 'beat') {
          await calls.come(film, it.viewer, it.session);
          const bucketEndsAtMs = (Math.floor(nowMs / heartbeatMs) + 1) * heartbeatMs;
          sessionsOf(it.viewer).set(it.session, bucketEndsAtMs + awayMs);
        } else if (it.does === 'leave') {
          const { session: name } = it;
          await calls.leave(film, it.viewer, name === undefined ? undefined : { session: name });
          sessionsOf(it.viewer).delete(name);
        } else if (it.does === 'remove') {
          await calls.remove(film, it.viewer);
          goesAtMs.delete(it.viewer);
        } else if (it.does === 'wait') tally.advance(it.ms);
        else await expectCount(here());
      }
      await expectCount(here());
    }),
    { numRuns: 15 },
  );
});
