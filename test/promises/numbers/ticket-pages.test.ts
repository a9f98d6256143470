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
/** Enough others that a book hands over what it remembered. */
const pageful = 2 * limits.registerTurn.first;

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

/** Draws so many tickets for others, one after the other. */
async function drawForOthers(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    tally.clock.advance(40);
    await draw(second, book);
  }
}

const failTurns = () =>
  proxy.inject({
    effect: 'server error before commit',
    where: ({ UpdateExpression = '' }) => String(UpdateExpression).startsWith('SET g = '),
  });

const pages = async () =>
  (await tally.items()).filter(({ pk, sk }) => pk === 't#resto#orders' && String(sk).includes('#'));
const bookItem = async () => (await tally.items()).find(({ sk }) => sk === '2096-02-28');

describe('a book', () => {
  test('stays within a write unit, and every token finds its number', async () => {
    const tokens = Array.from({ length: 4 * pageful }, (_, index) => `token-${index}`);
    const tickets = [];
    for (const token of tokens) {
      tickets.push(ticketOf(await draw(first, book, token)));
      tally.clock.advance(1_000);
    }
    expectGapFree(tickets.map(({ number }) => number));
    const entries = Object.keys((await bookItem()) ?? {}).filter((name) => name.length === 12);
    expect(entries.length).toBeLessThanOrEqual(limits.registerTurn.first);
    expect((await pages()).length).toBeGreaterThan(5);
    for (const [index, token] of tokens.entries()) {
      const again = await draw(tally.instances[index % 8] ?? tally, book, token);
      expect(again).toMatchObject({ body: tickets[index] });
      expect(wasReplayed(again)).toBe(true);
    }
  });

  test('has pages that expire with it', async () => {
    await drawForOthers(2 * pageful);
    const { x } = (await bookItem()) ?? {};
    expect(x).toEqual(expect.any(Number));
    const expiries = (await pages()).map((page) => page.x);
    expect(expiries.length).toBeGreaterThan(0);
    expect(new Set(expiries)).toEqual(new Set([x]));
  });

  test('keeps its shifts apart on its pages', async () => {
    const early = ticketOf(await draw(first, book, 'early'));
    await reset(first, book, 'close');
    const late = ticketOf(await draw(first, book, 'late'));
    await drawForOthers(2 * pageful);
    expect(early).toMatchObject({ number: 1, shift: 1 });
    expect(late).toMatchObject({ number: 1, shift: 2 });
    expect(ticketOf(await draw(first, book, 'early'))).toEqual(early);
    expect(ticketOf(await draw(first, book, 'late'))).toEqual(late);
    const again = await reset(first, book, 'close');
    expect(again).toMatchObject({ body: { shift: 2, number: 1 + 2 * pageful } });
    expect(wasReplayed(again)).toBe(true);
  });

  test('goes on when nobody could turn it, and is turned later', async () => {
    await draw(second, book, 'first');
    const failing = failTurns();
    await drawForOthers(2 * pageful);
    expect(await pages()).toEqual([]);
    failing.remove();
    await drawForOthers(pageful);
    expect((await pages()).length).toBeGreaterThan(0);
    expect(ticketOf(await draw(first, book, 'first'))).toMatchObject({ number: 1 });
  });

  test('is looked through in three calls by a request that comes again 1,200 tickets and 23 hours later', async () => {
    const mine = ticketOf(await draw(first, book, 'mine'));
    const callers = Array.from({ length: 12 }, () => drawForOthers(100));
    await Promise.all(callers);
    tally.clock.advance(23 * 3_600_000);
    proxy.forget();
    const again = await draw(second, book, 'mine');
    expect(ticketOf(again)).toEqual(mine);
    expect(wasReplayed(again)).toBe(true);
    const calls = proxy.requests.filter(({ body }) => !JSON.stringify(body).includes('"s#'));
    expect(calls.map(({ operation }) => operation)).toEqual(['PutItem', 'GetItem', 'Query']);
  });
});

describe('a request that comes so late that pages were turned meanwhile', () => {
  const entry = { operation: 'UpdateItem', times: 1 } as const;

  test.each([
    ['in the book', 1],
    ['on a page that left the book', 2 * pageful],
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
    await drawForOthers(2 * pageful);
    gate.open();
    const mine = ticketOf(await late);
    expect(mine).toMatchObject({ number: 2 * pageful + 2 });
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
    await drawForOthers(2 * pageful);
    tally.clock.advance(86_400_000);
    const mine = ticketOf(await draw(second, book, 'mine'));
    expect(mine).toEqual({ number: 2 * pageful + 2, day: '2096-02-28', shift: 1 });
    await drawForOthers(1);
    expect(ticketOf(await draw(first, book, 'mine'))).toEqual(mine);
  });

  test('is refused when its book is not kept any more', async () => {
    const failing = proxy.inject({ effect: 'server error before commit', operation: 'UpdateItem' });
    await draw(first, book, 'mine');
    failing.remove();
    // The claim outlives its book by an hour.
    const claim = (await tally.items()).find(({ pk }) => String(pk).startsWith('e#'));
    const claimEndsMs = Number(claim?.x) * 1000;
    tally.clock.moveTo(claimEndsMs - 1_800_000);
    expect(await draw(first, book, 'mine')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_expired' },
    });
    // Then the token is forgotten, and is one like any other.
    tally.clock.moveTo(claimEndsMs + 1_800_000);
    expect(await draw(first, book, 'mine')).toMatchObject({ status: 201, body: { number: 1 } });
  });
});

test('requests that are held up at random, and sent again meanwhile, leave one number for each token', async () => {
  const random = seededRandom(12);
  const tokens = Array.from({ length: 300 }, (_, index) => `token-${index}`);
  const waiting = tokens.flatMap((token) => (random() < 0.5 ? [token, token] : [token]));
  const gate = proxy.hold({ rate: 0.15, operation: ['PutItem', 'UpdateItem', 'Query'] });
  const anywhere = () => tally.instances[Math.floor(random() * 8)] ?? tally;

  async function drawSome(): Promise<void> {
    for (let token = waiting.shift(); token !== undefined; token = waiting.shift()) {
      const answer = await draw(anywhere(), book, token);
      tally.clock.advance(100);
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
