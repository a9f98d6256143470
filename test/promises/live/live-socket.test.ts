import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { deadline, type LiveListener, listenTo } from '../../harness/live/live-listener.ts';
import { type LiveStack, startLiveStack } from '../../harness/live/live-stack.ts';
import { open } from '../../harness/tally-under-test.ts';

let stack: LiveStack;
/** The URL of a subject that no other test uses. */
let post: string;
let posts = 0;
const listeners: LiveListener[] = [];

beforeAll(async () => {
  stack = await startLiveStack({
    likes: { kind: 'count', access: open },
    views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: open },
    reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
    viewers: { kind: 'presence', heartbeatSeconds: 1, awayAfterSeconds: 5, access: open },
    readers: { kind: 'presence', heartbeatSeconds: 120, awayAfterSeconds: 3_600, access: open },
  });
});

beforeEach(() => {
  post = `${stack.url}/v1/post-${posts++}`;
});

afterEach(() => {
  for (const listener of listeners.splice(0)) listener.close();
  expect(stack.errors).toEqual([]);
});

afterAll(() => stack.stop());

async function listen(counter: string): Promise<LiveListener> {
  const listener = await listenTo(`${post}/${counter}`);
  listeners.push(listener);
  return listener;
}

async function send(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${post}/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
  return response.status === 204 ? undefined : response.json();
}

const expectToHear = (listener: LiveListener, message: object) =>
  vi.waitFor(() => expect(listener.heard.at(-1)).toMatchObject(message), deadline);

describe('a subscriber that connected before a change gets the new total', () => {
  test.each(['likes', 'views'])('of %s', async (counter) => {
    const [one, another] = [await listen(counter), await listen(counter)];
    await send('PUT', counter, { action: 'increment', amount: 3 });
    await expectToHear(one, { counter, count: 3 });
    await expectToHear(another, { counter, count: 3 });
    await send('PUT', counter, { action: 'decrement' });
    await expectToHear(one, { counter, count: 2 });
  });

  test('of reactions, with every choice', async () => {
    const listener = await listen('reactions');
    await send('PUT', 'reactions/members/ann', { choice: 'like' });
    await expectToHear(listener, { count: 1, choices: { like: 1, love: 0 } });
    await send('PUT', 'reactions/members/ann', { choice: 'love' });
    await expectToHear(listener, { count: 1, choices: { like: 0, love: 1 } });
    await send('DELETE', 'reactions/members/ann');
    await expectToHear(listener, { count: 0, choices: { like: 0, love: 0 } });
  });

  test('of viewers', async () => {
    const listener = await listen('readers');
    await send('PUT', 'readers/members/ann');
    await expectToHear(listener, { count: 1 });
    await send('POST', 'readers/members/ann/leave');
    await expectToHear(listener, { count: 0 });
  });

  test('and no message of another counter', async () => {
    const [likes, views] = [await listen('likes'), await listen('views')];
    await send('PUT', 'views', { action: 'increment' });
    await expectToHear(views, { count: 1 });
    await send('PUT', 'likes', { action: 'increment' });
    await expectToHear(likes, { count: 1 });
    expect(likes.heard.map(({ counter }) => counter)).toEqual(['likes']);
  });

  test('and the last one of many that many writers make', async () => {
    const listener = await listen('likes');
    await Promise.all(
      Array.from({ length: 60 }, () => send('PUT', 'likes', { action: 'increment' })),
    );
    await expectToHear(listener, { count: 60 });
    const totals = listener.heard.map(({ count }) => Number(count));
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  });
});

/** A page that is open: it says so as often as it is told to, until it is killed. */
function openPage(counter: string, viewer: string) {
  const killed = new AbortController();
  const path = `${post}/${counter}/members/${viewer}`;
  const watching = (async () => {
    while (!killed.signal.aborted) {
      const response = await fetch(path, { method: 'PUT', signal: killed.signal });
      const { next_beat_seconds: seconds } = (await response.json()) as Record<string, number>;
      await delay((seconds ?? Number.NaN) * 1000, undefined, { signal: killed.signal });
    }
  })().catch((error: Error) => {
    if (error.name !== 'AbortError') throw error;
  });
  const kill = async () => {
    killed.abort();
    await watching;
  };
  return {
    kill,
    async leave() {
      await kill();
      await fetch(`${path}/leave`, { method: 'POST', body: '' });
    },
  };
}

describe('in real time', () => {
  const expectCount = (counter: string, expected: number) =>
    vi.waitFor(
      async () => expect(await send('GET', counter)).toMatchObject({ count: expected }),
      deadline,
    );

  test('viewers that leave are gone at once', async () => {
    // Viewers that fall silent still count as here for an hour.
    const readers = Array.from({ length: 6 }, (_, index) => openPage('readers', `reader-${index}`));
    try {
      await expectCount('readers', 6);
      await Promise.all(readers.slice(0, 3).map((reader) => reader.leave()));
      await expectCount('readers', 3);
    } finally {
      await Promise.all(readers.map((reader) => reader.kill()));
    }
  });

  test('viewers that are killed age out, and the others stay', async () => {
    const viewers = Array.from({ length: 6 }, (_, index) => openPage('viewers', `viewer-${index}`));
    try {
      await expectCount('viewers', 6);
      await Promise.all(viewers.slice(0, 3).map((viewer) => viewer.kill()));
      await expectCount('viewers', 3);
    } finally {
      await Promise.all(viewers.map((viewer) => viewer.kill()));
    }
    await expectCount('viewers', 0);
  });
});
