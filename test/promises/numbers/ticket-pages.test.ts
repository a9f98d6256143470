/**
 * A token finds its number wherever it is, in the book or on a page that has left it: also when requests
 * come so late that pages were turned meanwhile, and when the request that claimed it ended halfway.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { adminKey } from '../../harness/access/callers.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { draw, expectGapFree, reset, ticketOf, wasReplayed } from '../../harness/http/requests.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { type Instance, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

const book = 'resto/orders';
const pageSize = limits.bookPage.entries;

let tally: TallyUnderTest;
let proxy: FaultProxy;
let first: Instance;
let second: Instance;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: { orders: { kind: 'ticket', access: open } },
    instances: 8,
    pausesTakeTime: true,
    adminKey,
    proxyRandom: seededRandom(11),
  }));
  [first = tally, second = tally] = tally.instances;
});

afterEach(() => proxy.stop());

/** Draws so many tickets for others, which turns a page after every `pageSize`. */
async function drawForOthers(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    tally.clock.advance(limits.bookPage.ms / 12);
    await draw(second, book);
  }
}

const failTurns = () =>
  proxy.inject({
    effect: 'server error before commit',
    where: (body) => JSON.stringify(body).includes('p = :page'),
  });

const pages = async () =>
  (await tally.items()).filter(({ pk, sk }) => pk === 't#resto#orders' && String(sk).includes('#'));
const bookItem = async () => (await tally.items()).find(({ sk }) => sk === '2096-02-28');

describe('a book', () => {
  test('keeps its last two pages, and every token finds its number', async () => {
    const tokens = Array.from({ length: 5 * pageSize + 3 }, (_, index) => `token-${index}`);
    const tickets = [];
    for (const token of tokens) {
      tickets.push(ticketOf(await draw(first, book, token)));
      tally.clock.advance(limits.bookPage.ms);
    }
    expectGapFree(tickets.map(({ number }) => number));
    expect(await pages()).toHaveLength(4);
    for (const page of await pages()) expect(Object.keys(page)).toHaveLength(pageSize + 3);
    expect(await bookItem()).toMatchObject({ n: tokens.length, p: 5, c: 3 });
    for (const [index, token] of tokens.entries()) {
      const again = await draw(tally.instances[index % 8] ?? tally, book, token);
      expect(again).toMatchObject({ body: tickets[index] });
      expect(wasReplayed(again)).toBe(true);
    }
  });

  test('has pages that expire with it', async () => {
    await drawForOthers(3 * pageSize);
    const { x } = (await bookItem()) ?? {};
    expect(x).toEqual(expect.any(Number));
    expect((await pages()).map((page) => page.x)).toEqual([x, x]);
  });

  test('keeps its shifts apart on its pages', async () => {
    const early = ticketOf(await draw(first, book, 'early'));
    await reset(first, book, 'close');
    const late = ticketOf(await draw(first, book, 'late'));
    await drawForOthers(3 * pageSize);
    expect(early).toMatchObject({ number: 1, shift: 1 });
    expect(late).toMatchObject({ number: 1, shift: 2 });
    expect(ticketOf(await draw(first, book, 'early'))).toEqual(early);
    expect(ticketOf(await draw(first, book, 'late'))).toEqual(late);
    const again = await reset(first, book, 'close');
    expect(again).toMatchObject({ body: { shift: 2, number: 1 + 3 * pageSize } });
    expect(wasReplayed(again)).toBe(true);
  });

  test('goes on when nobody could turn its page, and turns it later', async () => {
    await draw(second, book, 'first');
    const failing = failTurns();
    await drawForOthers(2 * pageSize);
    expect(await bookItem()).toMatchObject({ n: 2 * pageSize + 1, p: 0 });
    failing.remove();
    await drawForOthers(pageSize);
    expect(await bookItem()).toMatchObject({ n: 3 * pageSize + 1, p: 1 });
    expect(ticketOf(await draw(first, book, 'first'))).toMatchObject({ number: 1 });
  });

  test('whose page is full turns it before it goes on', async () => {
    const failing = failTurns();
    const most = limits.bookPage.entriesMax;
    for (let drawn = 0; drawn < most; drawn += 16) {
      const answers = Array.from({ length: 16 }, () => draw(second, book));
      for (const answer of await Promise.all(answers))
        expect(answer).toMatchObject({ status: 201 });
    }
    expect(await draw(second, book, 'next')).toMatchObject({ status: 503 });
    failing.remove();
    expect(ticketOf(await draw(second, book, 'next'))).toMatchObject({ number: most + 1 });
    expect(await bookItem()).toMatchObject({ n: most + 1, p: 1, c: 1 });
  });
});

describe('a request that comes so late that pages were turned meanwhile', () => {
  const entry = { operation: 'UpdateItem', times: 1 } as const;

  test.each([
    ['in the book', 1],
    ['on a page that left the book', 4 * pageSize],
  ])('finds the number that another request got for its token, %s', async (_, others) => {
    await draw(first, book, 'before');
    const gate = proxy.hold(entry);
    const late = draw(first, book, 'mine');
    await gate.reached();
    const mine = ticketOf(await draw(second, book, 'mine'));
    expect(mine).toMatchObject({ number: 2 });
    await drawForOthers(others);
    gate.open();
    expect(await late).toMatchObject({ body: mine });
    expect(wasReplayed(await late)).toBe(true);
    expect(ticketOf(await draw(second, book))).toMatchObject({ number: others + 3 });
  });

  test('gets the next number if its token has none', async () => {
    await draw(first, book, 'before');
    const gate = proxy.hold(entry);
    const late = draw(first, book, 'mine');
    await gate.reached();
    await drawForOthers(4 * pageSize);
    gate.open();
    const mine = ticketOf(await late);
    expect(mine).toMatchObject({ number: 4 * pageSize + 2 });
    expect(ticketOf(await draw(second, book, 'mine'))).toEqual(mine);
  });

  test('gets the next number of the shift that has begun', async () => {
    await draw(first, book, 'before');
    const gate = proxy.hold(entry);
    const late = draw(first, book, 'mine');
    await gate.reached();
    await reset(second, book);
    gate.open();
    expect(ticketOf(await late)).toMatchObject({ number: 1, shift: 2 });
  });
});

describe('a token whose first request ended between the claim and the number', () => {
  test('gets one number when it comes again, pages and days later', async () => {
    await draw(first, book, 'before');
    const failing = proxy.inject({ effect: 'server error before commit', operation: 'UpdateItem' });
    expect(await draw(first, book, 'mine')).toMatchObject({ body: { code: 'outcome_unknown' } });
    failing.remove();
    await drawForOthers(3 * pageSize);
    tally.clock.advance(86_400_000);
    const mine = ticketOf(await draw(second, book, 'mine'));
    expect(mine).toEqual({ number: 3 * pageSize + 2, day: '2096-02-28', shift: 1 });
    await drawForOthers(1);
    expect(ticketOf(await draw(first, book, 'mine'))).toEqual(mine);
  });

  test('is refused when its book is not kept any more', async () => {
    const failing = proxy.inject({ effect: 'server error before commit', operation: 'UpdateItem' });
    await draw(first, book, 'mine');
    failing.remove();
    tally.clock.advance((limits.keepBookDays + 3) * 86_400_000);
    expect(await draw(first, book, 'mine')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_expired' },
    });
  });
});

test('requests that are held up at random, and sent again meanwhile, leave one number for each token', async () => {
  const random = seededRandom(12);
  const tokens = Array.from({ length: 300 }, (_, index) => `token-${index}`);
  const waiting = tokens.flatMap((token) => (random() < 0.5 ? [token, token] : [token]));
  const gate = proxy.hold({ rate: 0.15, operation: ['PutItem', 'UpdateItem', 'BatchGetItem'] });
  const anywhere = () => tally.instances[Math.floor(random() * 8)] ?? tally;

  async function drawSome(): Promise<void> {
    for (let token = waiting.shift(); token !== undefined; token = waiting.shift()) {
      const answer = await draw(anywhere(), book, token);
      tally.clock.advance(limits.bookPage.ms / 8);
      if (random() < 0.3) gate.release();
      if (answer.status !== 201) waiting.push(token);
    }
  }
  const callers = Array.from({ length: 24 }, drawSome);
  // When all of them are held up, somebody has to go on.
  const ticking = setInterval(() => gate.release(), 20);
  await Promise.all(callers);
  clearInterval(ticking);
  gate.open();

  const tickets = [];
  for (const token of tokens) tickets.push(ticketOf(await draw(anywhere(), book, token)));
  expectGapFree(tickets.map(({ number }) => number));
  expect((await pages()).length).toBeGreaterThan(5);
});
