import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { signPass } from '../../../functions/access/passes.ts';
import { cellItemKey } from '../../../functions/dynamo/item-keys.ts';
import { openPage, startBrowser, type WatchedPage } from '../../harness/live/browser.ts';
import { deadline } from '../../harness/live/live-listener.ts';
import { type LiveStack, startLiveStack } from '../../harness/live/live-stack.ts';
import { open } from '../../harness/tally-under-test.ts';

let stack: LiveStack;
let browser: Browser;
/** A subject that no other test uses. */
let post: string;
let posts = 0;

beforeAll(async () => {
  [stack, browser] = await Promise.all([
    startLiveStack({
      counter: { kind: 'count', access: open },
      likes: { kind: 'count', access: open },
      reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
      viewers: { kind: 'presence', heartbeatSeconds: 120, awayAfterSeconds: 3_600, access: open },
      glances: { kind: 'presence', heartbeatSeconds: 1, awayAfterSeconds: 5, access: open },
      stock: { kind: 'count', access: { read: 'key', write: 'public' } },
    }),
    startBrowser(),
  ]);
});

beforeEach(() => {
  post = `post-${posts++}`;
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  expect(stack.errors).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await stack.stop();
});

async function send(method: string, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${stack.url}/v1/${post}/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
}

const add = (counter: string, amount: number) =>
  send('PUT', counter, { action: 'increment', amount });

const shown = (page: Page, selector = 'output') => page.locator(selector).textContent();
const shows = (page: Page, text: string, selector = 'output') =>
  vi.waitFor(async () => expect(await shown(page, selector)).toBe(text), deadline);

/** The status of each answer to the page's script; the page itself is the first. */
const polls = (counter: string) =>
  stack.answers
    .filter(({ path }) => path.split('?')[0] === `/v1/${post}/${counter}`)
    .map(({ status }) => status)
    .slice(1);

/** A page whose time stands still, so that it hears, but does not ask until a test moves its clock. */
async function openStopped(): Promise<WatchedPage> {
  const watched = await openPage(browser);
  await watched.page.clock.install({ time: 0 });
  // Far ahead: time goes on from the installation to here.
  await watched.page.clock.pauseAt(86_400_000);
  return watched;
}

/** Opens a counter's page and waits until it listens. */
async function openLive(counter: string, query = ''): Promise<WatchedPage> {
  const watched = await openStopped();
  const { page } = watched;
  const isSubscribed = page
    .waitForEvent('websocket')
    .then((socket) => socket.waitForEvent('framereceived', isSuccess));
  await page.goto(`${stack.url}/v1/${post}/${counter}${query}`);
  await isSubscribed;
  // What changed before is asked for once.
  await vi.waitFor(() => expect(polls(counter).length).toBeGreaterThan(0), deadline);
  return watched;
}

const isSuccess = ({ payload }: { payload: string | Buffer }) =>
  String(payload).includes('"subscribe_success"');

/** Writes to a counter's cell past Tally. */
async function setCell(counter: string, attributes: { n: number; t: number }): Promise<void> {
  const { client, tableName } = stack.table;
  await client.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: marshall(
        cellItemKey({ subject: post, counter, region: 'local', shard: 0, window: '-' }),
      ),
      UpdateExpression: 'SET n = :n, t = :t',
      ExpressionAttributeValues: marshall({ ':n': attributes.n, ':t': attributes.t }),
    }),
  );
}

describe('a page that is open', () => {
  test('moves without being loaded again', async () => {
    const { page, complaints } = await openLive('likes');
    expect(await shown(page, '#updated')).toBe('never changed');
    await add('likes', 1_234);
    await shows(page, '1,234');
    expect(await page.title()).toBe(`1234 likes · ${post}`);
    expect(await shown(page, '#updated')).toMatch(/^last changed \d{4}-.*Z$/);
    await send('PUT', 'likes', { action: 'decrement', amount: 1_235 });
    await shows(page, '-1');
    expect(complaints).toEqual([]);
  });

  test('moves with every reaction', async () => {
    const { page, complaints } = await openLive('reactions');
    await send('PUT', 'reactions/members/ann', { choice: 'like' });
    await send('PUT', 'reactions/members/bob', { choice: 'love' });
    await shows(page, '2');
    await shows(page, '1', '[data-choice="like"]');
    await send('PUT', 'reactions/members/ann', { choice: 'love' });
    await shows(page, '2', '[data-choice="love"]');
    await shows(page, '0', '[data-choice="like"]');
    expect(complaints).toEqual([]);
  });

  test('of a counter that takes a key moves with the pass in its address, which goes nowhere else', async () => {
    const scope = { actions: ['read'], subjects: [post], counters: ['stock'] } as const;
    const expiresAt = Math.floor(Date.now() / 1000) + 600;
    const pass = signPass({ of: 'member', member: 'ann', scope, expiresAt }, await stack.secrets());
    const { page, complaints } = await openLive('stock', `?access_token=${pass}`);
    await send('PUT', 'stock', { action: 'increment' });
    await shows(page, '1');
    expect(complaints).toEqual([]);
    const carriers = stack.answers.filter(({ path }) => path.includes(pass));
    expect(carriers.map(({ path }) => path)).toEqual([`/v1/${post}/stock?access_token=${pass}`]);
  });

  test('moves with viewers that come and go', async () => {
    const { page, complaints } = await openLive('viewers');
    await send('PUT', 'viewers/members/ann');
    await shows(page, '1');
    await send('PUT', 'viewers/members/bob');
    await shows(page, '2');
    await send('POST', 'viewers/members/ann/leave');
    await shows(page, '1');
    expect(complaints).toEqual([]);
  });

  test('shows the total without any script, and at the short address as well', async () => {
    await add('counter', 1_234);
    const { page, complaints } = await openPage(browser, { javaScriptEnabled: false });
    for (const path of [`/v1/${post}/counter`, `/${post}/counter`]) {
      await page.goto(`${stack.url}${path}`);
      expect(await shown(page)).toBe('1,234');
      expect(await shown(page, 'h1')).toBe(`${post} · counter`);
    }
    expect(complaints).toEqual([]);
  });

  test('runs no script but its own', async () => {
    const { page, complaints } = await openPage(browser);
    await page.goto(`${stack.url}/v1/${post}/likes`);
    await page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'document.title = "taken over"';
      document.body.append(script);
    `);
    expect(await page.title()).toBe(`0 likes · ${post}`);
    expect(complaints).toEqual([expect.stringContaining('Content Security Policy')]);
  });

  test('has nothing that axe finds hard to use', async () => {
    await send('PUT', 'reactions/members/ann', { choice: 'like' });
    for (const [counter, colorScheme] of [
      ['likes', 'light'],
      ['reactions', 'dark'],
    ] as const) {
      const { page } = await openPage(browser, { colorScheme });
      await page.goto(`${stack.url}/v1/${post}/${counter}`);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>('axe.run()');
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    }
  });
});

describe('a total that looks older than the one that is shown', () => {
  test('is shown all the same if the table says so: two writers may date their changes in any order', async () => {
    const { page, complaints } = await openLive('likes');
    await add('likes', 1);
    await shows(page, '1');
    await setCell('likes', { n: 2, t: Date.now() - 3_600_000 });
    await shows(page, '2');
    await add('likes', 1);
    await shows(page, '3');
    expect(complaints).toEqual([]);
  });

  test('is that of a film whose viewers have all fallen silent', async () => {
    const { page, complaints } = await openLive('glances');
    /**
     * Beats until the page shows it: on a slow machine, a beat may be over before it is folded. The
     * page's time goes on meanwhile, for it may have to connect anew.
     */
    const isHere = () =>
      vi.waitFor(async () => {
        await send('PUT', 'glances/members/ann');
        await page.clock.runFor(1_000);
        expect(await shown(page)).toBe('1');
      }, deadline);
    await isHere();
    await vi.waitFor(async () => {
      await page.clock.runFor(15_000);
      expect(await shown(page)).toBe('0');
    }, deadline);
    await isHere();
    expect(complaints).toEqual([]);
  });
});

const realtime = /\/event\/realtime$/;

describe('where the socket is refused', () => {
  test('the page asks again and again, which costs a 304 while nothing changes', async () => {
    await add('likes', 1);
    const { page, complaints } = await openStopped();
    await page.routeWebSocket(realtime, (socket) => void socket.close({ code: 1008 }));
    await page.goto(`${stack.url}/v1/${post}/likes`);
    const askAgain = async () => {
      const before = polls('likes').length;
      const isOver = page.waitForEvent('requestfinished', (it) => it.url().endsWith('/likes'));
      await page.clock.runFor(3_000);
      await isOver;
      await vi.waitFor(() => expect(polls('likes').length).toBe(before + 1), deadline);
      return polls('likes').at(-1);
    };
    expect(await askAgain()).toBe(200);
    expect(await askAgain()).toBe(304);
    await add('likes', 4);
    expect(await askAgain()).toBe(200);
    await shows(page, '5');
    expect(await askAgain()).toBe(304);
    expect(await shown(page)).toBe('5');
    expect(complaints).toEqual([]);
  });

  test('the page listens again as soon as it may, and misses nothing meanwhile', async () => {
    const { page } = await openStopped();
    let refuses = true;
    let [refusals, connections, subscriptions] = [0, 0, 0];
    await page.routeWebSocket(realtime, (socket) => {
      if (refuses) {
        refusals += 1;
        return void socket.close({ code: 1008 });
      }
      connections += 1;
      socket.connectToServer().onMessage((payload) => {
        if (isSuccess({ payload })) subscriptions += 1;
        socket.send(payload);
      });
    });
    await page.goto(`${stack.url}/v1/${post}/likes`);
    await vi.waitFor(() => expect(refusals).toBeGreaterThan(0), deadline);
    await add('likes', 2);
    refuses = false;
    await vi.waitFor(async () => {
      await page.clock.runFor(1_000);
      expect(connections).toBeGreaterThan(0);
    }, deadline);
    // Its time stands still again, so that it waits for what the server says for as long as that takes.
    await vi.waitFor(() => expect(subscriptions).toBeGreaterThan(0), deadline);
    await shows(page, '2');
    await add('likes', 1);
    await shows(page, '3');
  });
});
