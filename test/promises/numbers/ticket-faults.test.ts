import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { packPosition } from '../../../functions/rules/ticket-numbers.ts';
import { adminKey } from '../../harness/access/callers.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import {
  draw,
  drawUntilTaken,
  expectGapFree,
  reset,
  ticketOf,
  wasReplayed,
} from '../../harness/http/requests.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: {
      orders: { kind: 'ticket', access: open },
    },
    instances: 12,
    pausesTakeTime: true,
    adminKey,
    proxyRandom: seededRandom(7),
  }));
});

afterEach(() => proxy.stop());

/** What was sent, without the reads of the subject's settings, which each container makes once a minute. */
const sent = () =>
  proxy.requests
    .filter(({ body }) => !JSON.stringify(body).includes('"s#'))
    .map(({ operation }) => operation);
const lastNumber = async (book: string) =>
  (await tally.read(book, { consistent: 'true' })).body as { number: number | null };

/** So many containers, each with several callers, who draw one ticket after the other. */
async function drawFromAll(book: string, count: number, containers = 3) {
  let next = 0;
  const callers = Array.from(
    { length: 12 },
    (_, index) => tally.instances[index % containers] ?? tally,
  );
  const answers = await Promise.all(
    callers.map(async (instance) => {
      const own = [];
      while (next < count) {
        tally.clock.advance(5);
        // Three lost attempts in a row are answered 503, and rare, but not never.
        own.push(await drawUntilTaken(instance, book, `token-${next++}`));
      }
      return own;
    }),
  );
  return answers.flat().map(ticketOf);
}

describe('twelve containers that draw from one book', () => {
  test('leave no gap, in little more than two round trips a ticket', async () => {
    for (const instance of tally.instances) await draw(instance, 'resto/orders');
    tally.clock.advance(1_000);
    proxy.forget();
    const tickets = await drawFromAll('resto/orders', 240, 12);
    expectGapFree(
      tickets.map(({ number }) => number),
      13,
    );
    expect(tickets).toHaveLength(240);
    expect(sent().length / tickets.length).toBeLessThan(2.5);
  });

  test('leave no gap while every tenth write is throttled', async () => {
    proxy.inject({ effect: 'throttle', operation: ['PutItem', 'UpdateItem'], rate: 0.1 });
    const tickets = await drawFromAll('resto/orders', 60, 12);
    expectGapFree(tickets.map(({ number }) => number));
    expect(tickets).toHaveLength(60);
  });
});

describe('a container that has drawn from the book', () => {
  beforeEach(async () => {
    await draw(tally, 'resto/orders');
    proxy.forget();
  });

  test('takes two round trips a ticket with a key', async () => {
    for (const token of ['a', 'b', 'c']) await draw(tally, 'resto/orders', token);
    expect(sent()).toEqual([
      'PutItem',
      'UpdateItem',
      'PutItem',
      'UpdateItem',
      'PutItem',
      'UpdateItem',
    ]);
  });

  test('takes one round trip a ticket without a key', async () => {
    for (const number of [2, 3, 4]) {
      expect(ticketOf(await draw(tally, 'resto/orders'))).toMatchObject({ number });
    }
    expect(sent()).toEqual(['UpdateItem', 'UpdateItem', 'UpdateItem']);
  });

  test('is not failed by others', async () => {
    const others = Array.from({ length: 40 }, (_, index) =>
      draw(tally.instances[index % 2] ?? tally, 'resto/orders', `token-${index}`),
    );
    expectGapFree(
      (await Promise.all(others)).map((answer) => ticketOf(answer).number),
      2,
    );
    const writes = sent().filter((operation) => operation !== 'GetItem');
    // And somebody may have turned the book.
    expect(writes.length).toBeLessThanOrEqual(2 * 40 + 2);
  });
});

test('a container that comes late has nothing to look up', async () => {
  for (const token of ['a', 'b', 'c']) await draw(tally, 'resto/orders', token);
  proxy.forget();
  const late = await draw(tally.instances[1] ?? tally, 'resto/orders', 'd');
  expect(ticketOf(late)).toMatchObject({ number: 4 });
  expect(sent()).toEqual(['PutItem', 'UpdateItem']);
});

describe('a book that stays busy until the deadline', () => {
  /** Each refusal takes some time of the test's clock. */
  const stayBusy = (takesMs: number) =>
    proxy.inject({
      effect: 'throttle',
      operation: 'UpdateItem',
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
  /** All items except claims. */
  const books = async () => (await tally.items()).filter(({ pk }) => !String(pk).startsWith('e#'));

  test.each([
    ['a draw', draw],
    ['a reset', reset],
  ])('makes %s say that nothing was issued, which is so', async (_, send) => {
    await draw(tally, 'resto/orders', 'first');
    const before = await books();
    const injection = stayBusy(limits.registerMs / 4);
    expect(await send(tally, 'resto/orders', 'mine')).toMatchObject(contended);
    expect(await books()).toEqual(before);
    injection.remove();
    expect(ticketOf(await draw(tally, 'resto/orders', 'next'))).toMatchObject({ number: 2 });
  });

  test('gives the key its number when it is sent again', async () => {
    const injection = stayBusy(limits.registerMs);
    expect(await draw(tally, 'resto/orders', 'mine')).toMatchObject(contended);
    injection.remove();
    for (const instance of [tally.instances[1] ?? tally, tally]) {
      expect(ticketOf(await draw(instance, 'resto/orders', 'mine'))).toMatchObject({ number: 1 });
    }
  });

  test('after a reply was lost finds the number that was issued', async () => {
    proxy.inject({ effect: 'lose reply', operation: 'UpdateItem', times: 1 });
    const injection = stayBusy(limits.registerMs);
    const found = await draw(tally, 'resto/orders', 'mine');
    expect(ticketOf(found)).toMatchObject({ number: 1 });
    expect(wasReplayed(found)).toBe(false);
    injection.remove();
    const again = await draw(tally, 'resto/orders', 'mine');
    expect(ticketOf(again)).toMatchObject({ number: 1 });
    expect(wasReplayed(again)).toBe(true);
  });

  test('after a reply was lost, and cannot be read, does not say that nothing was issued', async () => {
    proxy.inject({ effect: 'lose reply', operation: 'UpdateItem', times: 1 });
    const injections = [
      stayBusy(limits.registerMs),
      proxy.inject({
        effect: 'throttle',
        operation: 'GetItem',
        where: ({ Key }) => JSON.stringify(Key).includes('t#resto#orders'),
      }),
    ];
    expect(await draw(tally, 'resto/orders', 'mine')).toMatchObject({
      status: 503,
      body: {
        code: 'outcome_unknown',
        detail: expect.stringContaining('with the same Idempotency-Key'),
      },
    });
    for (const injection of injections) injection.remove();
    const again = await draw(tally, 'resto/orders', 'mine');
    expect(ticketOf(again)).toMatchObject({ number: 1 });
    expect(wasReplayed(again)).toBe(true);
  });

  test('after a reply was lost and the engine went down does not say so either', async () => {
    const parked = proxy.hold({ operation: 'UpdateItem', side: 'reply', times: 1 });
    const answer = draw(tally, 'resto/orders', 'mine');
    await parked.reached();
    await proxy.stop();
    expect(await answer).toMatchObject({ status: 503, body: { code: 'outcome_unknown' } });
    expect(await books()).toMatchObject([{ n: packPosition({ shift: 1, number: 1 }) }]);
  });

  test('and frees itself in time is drawn from', async () => {
    proxy.inject({ effect: 'throttle', operation: 'UpdateItem', times: 6 });
    expect(ticketOf(await draw(tally, 'resto/orders'))).toMatchObject({ number: 1 });
    expect(tally.pauses).toHaveLength(6);
    expect(Math.max(...tally.pauses)).toBeLessThanOrEqual(limits.retryPauseMs.longest);
  });
});

describe.each(['lose reply', 'error after commit'] as const)('%s', (effect) => {
  const cases = [
    ['the claim', 'PutItem', 'orders', 2],
    ['the number', 'UpdateItem', 'orders', 2],
  ] as const;

  test.each(cases)(
    'of %s: the caller notices nothing, and the token keeps its number',
    async (_, operation, counter, nextNumber) => {
      proxy.inject({ effect, operation, times: 1 });
      const first = ticketOf(await draw(tally, `resto/${counter}`, 'mine'));
      expect(first).toMatchObject({ number: 1 });
      expect(ticketOf(await draw(tally, `resto/${counter}`, 'mine'))).toEqual(first);
      const next = ticketOf(await draw(tally, `resto/${counter}`, 'yours'));
      expect(next.number).toBe(nextNumber);
    },
  );

  test.each(cases)(
    'of every attempt at %s: sent again with the same token it gets its number',
    async (what, operation, counter) => {
      const injection = proxy.inject({ effect, operation });
      expect(await draw(tally, `resto/${counter}`, 'mine')).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.any(String) },
        body: { code: 'outcome_unknown' },
      });
      injection.remove();
      const again = await draw(tally.instances[1] ?? tally, `resto/${counter}`, 'mine');
      expect(ticketOf(again)).toMatchObject({ number: 1 });
      expect(wasReplayed(again)).toBe(what !== 'the claim');
    },
  );

  test('of a reset: one shift is begun', async () => {
    await draw(tally, 'resto/orders');
    proxy.inject({ effect, operation: 'UpdateItem', times: 1 });
    expect(await reset(tally, 'resto/orders', 'close')).toMatchObject({ body: { shift: 2 } });
    expect(ticketOf(await draw(tally, 'resto/orders'))).toMatchObject({ number: 1, shift: 2 });
  });

  test('of some writes of three containers: no gap, and a token keeps its number', async () => {
    proxy.inject({ effect, operation: ['PutItem', 'UpdateItem'], rate: 0.1 });
    const tickets = await drawFromAll('resto/orders', 40);
    expectGapFree(tickets.map(({ number }) => number));
    expect(await drawFromAll('resto/orders', 40)).toEqual(expect.arrayContaining(tickets));
    expect(await lastNumber('resto/orders')).toMatchObject({ number: 40 });
  });
});

test('the same token from everywhere at once gets one number', async () => {
  const answers = await Promise.all(
    Array.from({ length: 15 }, (_, index) =>
      draw(tally.instances[index % 3] ?? tally, 'resto/orders', `token-${index % 2}`),
    ),
  );
  const numbers = new Set(answers.map((answer) => ticketOf(answer).number));
  expect(numbers.size).toBe(2);
  expect(answers.filter(wasReplayed)).toHaveLength(13);
  expectGapFree([...numbers]);
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
    ['a reset', () => reset(tally, 'resto/orders', 'a')],
    ['the last number', () => tally.read('resto/orders')],
  ])('%s is 503 unavailable', async (_, send) => {
    expect(await send()).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(await tally.items()).toEqual([]);
  });
});
