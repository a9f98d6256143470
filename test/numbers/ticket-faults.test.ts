import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../functions/rules/limits.ts';
import { createTestTable } from '../engine/test-table.ts';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';
import { seededRandom } from '../seeded-random.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../tally-under-test.ts';
import { adminKey, draw, expectGapFree, reset, ticketOf, wasReplayed } from './requests.ts';

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  const table = await createTestTable();
  proxy = await startFaultProxy({ upstream: table.endpoint, random: seededRandom(7) });
  tally = await createTallyUnderTest({
    counters: {
      orders: { kind: 'ticket', access: open },
      parking: { kind: 'ticket', gaps: 'allowed', access: open },
    },
    table,
    endpoint: proxy.endpoint,
    instances: 3,
    adminKey,
  });
});

afterEach(() => proxy.stop());

const transactions = 'TransactWriteItems';
const issues = [transactions, 'PutItem'];
/** What was sent but for the settings of the subject, which each container reads once a minute. */
const sent = () =>
  proxy.requests.map(({ operation }) => operation).filter((operation) => operation !== 'GetItem');
const lastNumber = async (book: string) =>
  (await tally.read(book, { consistent: 'true' })).body as { number: number | null };

/** Several containers, each with several callers, who draw one ticket after the other. */
async function drawFromAll(book: string, count: number) {
  let next = 0;
  const callers = Array.from({ length: 12 }, (_, index) => tally.instances[index % 3] ?? tally);
  const answers = await Promise.all(
    callers.map(async (instance) => {
      const own = [];
      while (next < count) own.push(await draw(instance, book, `token-${next++}`));
      return own;
    }),
  );
  return answers.flat().map(ticketOf);
}

describe('three containers that draw from one book', () => {
  test.each([
    ['undisturbed', 0],
    ['while every tenth transaction conflicts', 0.1],
  ])('%s leave no gap, in fewer than four round trips a ticket', async (name, rate) => {
    if (rate > 0) proxy.inject({ effect: 'conflict', operation: transactions, culprit: 1, rate });
    const tickets = await drawFromAll('resto/orders', 90);
    expectGapFree(tickets.map(({ number }) => number));
    expect(tickets).toHaveLength(90);
    const perTicket = sent().length / tickets.length;
    console.log(`three containers ${name}: ${perTicket.toFixed(2)} round trips per ticket`);
    expect(new Set(sent())).toEqual(new Set([transactions]));
    expect(perTicket).toBeLessThan(4);
  });

  test('with gaps allowed get every number once, in two round trips each', async () => {
    const tickets = await drawFromAll('resto/parking', 60);
    expectGapFree(tickets.map(({ number }) => number));
    expect(sent()).toHaveLength(2 * 60);
  });
});

test('a container that is alone with a book takes one round trip a ticket, the first included', async () => {
  for (let number = 1; number <= 5; number++) {
    expect(ticketOf(await draw(tally, 'resto/orders'))).toMatchObject({ number });
  }
  expect(sent()).toHaveLength(5);
});

test('the first ticket of a day takes no more round trips than the others', async () => {
  for (let round = 0; round < 3; round++) await draw(tally, 'resto/orders');
  tally.clock.advance(86_400_000);
  proxy.forget();
  expect(ticketOf(await draw(tally, 'resto/orders'))).toMatchObject({ number: 1 });
  expect(sent()).toHaveLength(1);
});

test('a container that comes late learns in one round trip where the book stands', async () => {
  for (const token of ['a', 'b', 'c']) await draw(tally, 'resto/orders', token);
  proxy.forget();
  expect(ticketOf(await draw(tally.instances[1] ?? tally, 'resto/orders'))).toMatchObject({
    number: 4,
  });
  expect(sent()).toHaveLength(2);
});

test('callers within one container wait for each other instead of failing each other', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => draw(tally, 'resto/orders')));
  expectGapFree(answers.map((answer) => ticketOf(answer).number));
  expect(sent()).toHaveLength(40);
});

describe('a book that stays busy until the deadline', () => {
  /** Each refusal takes some time of the test's clock. */
  const stayBusy = (takesMs: number) =>
    proxy.inject({
      effect: 'conflict',
      culprit: 1,
      operation: transactions,
      where: () => {
        tally.clock.advance(takesMs);
        return true;
      },
    });
  const contended = {
    status: 503,
    headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
    body: { code: 'contended', detail: expect.stringContaining('no number was issued') },
  };

  test.each([
    ['a draw', draw],
    ['a reset', reset],
  ])('makes %s say that nothing was issued, which is so', async (_, send) => {
    await draw(tally, 'resto/orders', 'first');
    const before = await tally.items();
    const injection = stayBusy(500);
    expect(await send(tally, 'resto/orders', 'mine')).toMatchObject(contended);
    expect(await tally.items()).toEqual(before);
    expect(tally.pauses).toHaveLength(limits.ticketMs / 500);
    injection.remove();
    expect(ticketOf(await draw(tally, 'resto/orders', 'next'))).toMatchObject({ number: 2 });
  });

  test('makes nobody wait longer than that, also behind others', async () => {
    stayBusy(500);
    const startedAtMs = tally.clock.now();
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((token) => draw(tally, 'resto/orders', token)),
    );
    for (const answer of answers) expect(answer).toMatchObject(contended);
    expect(tally.clock.now() - startedAtMs).toBe(limits.ticketMs);
    expect(await tally.items()).toEqual([]);
  });

  test('after a reply was lost does not say that nothing was issued', async () => {
    proxy.inject({ effect: 'lose reply', operation: transactions, times: 1 });
    const injection = stayBusy(500);
    expect(await draw(tally, 'resto/orders', 'mine')).toMatchObject({
      status: 503,
      body: { code: 'outcome_unknown', detail: expect.stringContaining('with the same key') },
    });
    injection.remove();
    const again = await draw(tally, 'resto/orders', 'mine');
    expect(ticketOf(again)).toMatchObject({ number: 1 });
    expect(wasReplayed(again)).toBe(true);
  });

  test('and frees itself in time is drawn from', async () => {
    proxy.inject({ effect: 'conflict', culprit: 1, operation: transactions, times: 6 });
    expect(ticketOf(await draw(tally, 'resto/orders'))).toMatchObject({ number: 1 });
    expect(tally.pauses).toHaveLength(6);
    expect(Math.max(...tally.pauses)).toBeLessThanOrEqual(limits.retryPauseMs.longest);
  });
});

describe.each(['lose reply', 'error after commit'] as const)('%s', (effect) => {
  test.each(['orders', 'parking'])(
    'of a ticket of %s: the caller notices nothing, and the token keeps its number',
    async (counter) => {
      proxy.inject({ effect, operation: issues, times: 1 });
      const first = ticketOf(await draw(tally, `resto/${counter}`, 'mine'));
      expect(first).toMatchObject({ number: 1 });
      expect(ticketOf(await draw(tally, `resto/${counter}`, 'mine'))).toEqual(first);
      const next = ticketOf(await draw(tally, `resto/${counter}`, 'yours'));
      expect(next.number).toBe(counter === 'orders' ? 2 : 3);
    },
  );

  test.each(['orders', 'parking'])(
    'of every attempt at a ticket of %s: sent again with the same token it gets the number it got',
    async (counter) => {
      const injection = proxy.inject({ effect, operation: issues });
      expect(await draw(tally, `resto/${counter}`, 'mine')).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.any(String) },
        body: { code: 'outcome_unknown' },
      });
      injection.remove();
      const again = await draw(tally.instances[1] ?? tally, `resto/${counter}`, 'mine');
      expect(ticketOf(again)).toMatchObject({ number: 1 });
      expect(wasReplayed(again)).toBe(true);
    },
  );

  test('of a reset: one shift is begun', async () => {
    await draw(tally, 'resto/orders');
    proxy.inject({ effect, operation: transactions, times: 1 });
    expect(await reset(tally, 'resto/orders', 'close')).toMatchObject({ body: { shift: 2 } });
    expect(ticketOf(await draw(tally, 'resto/orders'))).toMatchObject({ number: 1, shift: 2 });
  });

  test('of some transactions of three containers: no gap, and a token keeps its number', async () => {
    proxy.inject({ effect, operation: transactions, rate: 0.1 });
    const tickets = await drawFromAll('resto/orders', 40);
    expectGapFree(tickets.map(({ number }) => number));
    expect(await drawFromAll('resto/orders', 40)).toEqual(expect.arrayContaining(tickets));
    expect(await lastNumber('resto/orders')).toMatchObject({ number: 40 });
  });

  test('of a number that may leave a gap: it leaves one, and no duplicate', async () => {
    proxy.inject({ effect, operation: 'UpdateItem', times: 1 });
    const numbers = [];
    for (let round = 0; round < 3; round++) {
      numbers.push(ticketOf(await draw(tally, 'resto/parking')).number);
    }
    expect(numbers).toEqual([2, 3, 4]);
  });
});

test('the same token from everywhere at once gets one number', async () => {
  for (const counter of ['orders', 'parking']) {
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, index) =>
        draw(tally.instances[index % 3] ?? tally, `resto/${counter}`, `token-${index % 2}`),
      ),
    );
    const numbers = new Set(answers.map((answer) => ticketOf(answer).number));
    expect(numbers.size).toBe(2);
    expect(answers.filter(wasReplayed)).toHaveLength(13);
    if (counter === 'orders') expectGapFree([...numbers]);
  }
});

describe('a reset that is made while the book behind it cannot be read', () => {
  test('is not said to have changed nothing', async () => {
    await draw(tally, 'resto/orders');
    proxy.inject({ effect: 'server error before commit', operation: 'GetItem' });
    expect(await reset(tally, 'resto/orders', 'close')).toMatchObject({
      status: 200,
      body: { number: null, shift: 2 },
    });
  });
});

describe('with the engine down', () => {
  beforeEach(() => proxy.stop());

  test.each([
    ['a ticket', () => draw(tally, 'resto/orders', 'a')],
    ['a ticket with gaps allowed', () => draw(tally, 'resto/parking', 'a')],
    ['a reset', () => reset(tally, 'resto/orders', 'a')],
    ['the last number', () => tally.read('resto/orders')],
  ])('%s is 503 unavailable', async (_, send) => {
    expect(await send()).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(await tally.items()).toEqual([]);
  });
});
