import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { adminKey } from '../../harness/access/callers.ts';
import { uuidV7 } from '../../harness/counts/uuid-v7.ts';
import {
  draw,
  drawAsServer,
  expectGapFree,
  putSettings,
  reset,
  type Ticket,
  ticketOf,
  wasReplayed,
} from '../../harness/http/requests.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

const dayMs = 86_400_000;

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      orders: { kind: 'ticket', access: open },
      lockers: { kind: 'ticket', startsAt: 100, access: open },
      zeros: { kind: 'ticket', startsAt: 0, access: open },
      likes: { kind: 'count', access: open },
    },
    instances: 2,
    startsAt: '2096-02-28T23:00:00Z',
    adminKey,
  });
});

const [today, tomorrow] = ['2096-02-28', '2096-02-29'] as const;
const ticket = async (book: string, token?: string) => ticketOf(await draw(tally, book, token));
const book = async (name: string) => (await tally.read(name, { consistent: 'true' })).body;

describe('the numbers of a book', () => {
  test.each([
    ['orders', 1],
    ['lockers', 100],
    ['zeros', 0],
  ])('of %s begin at %i and go on by one', async (counter, first) => {
    const tickets: Ticket[] = [];
    for (let round = 0; round < 3; round++) tickets.push(await ticket(`resto/${counter}`));
    expect(tickets).toEqual(
      [0, 1, 2].map((index) => ({ number: first + index, day: today, shift: 1 })),
    );
  });

  test('are its own: other subjects and counters have theirs', async () => {
    await ticket('resto/orders');
    for (const other of ['bar/orders', 'resto/zeros', 'resto:2/orders']) {
      expect(await ticket(other)).toMatchObject({ number: other.endsWith('zeros') ? 0 : 1 });
    }
  });

  test('begin again with the next business day', async () => {
    await ticket('resto/orders');
    await ticket('resto/orders');
    tally.clock.moveTo('2096-02-29T00:00:00Z');
    expect(await ticket('resto/orders')).toEqual({ number: 1, day: tomorrow, shift: 1 });
  });

  test('are read as the last one, with its day and shift', async () => {
    const unread = { number: null, day: today, shift: 1, updated_at: null };
    expect(await book('resto/orders')).toEqual(unread);
    await ticket('resto/orders');
    await ticket('resto/orders');
    expect(await book('resto/orders')).toEqual({
      number: 2,
      day: today,
      shift: 1,
      updated_at: '2096-02-28T23:00:00.000Z',
    });
    expect((await tally.read('resto/orders')).body).toEqual(await book('resto/orders'));
    tally.clock.moveTo('2096-02-29T00:00:00Z');
    expect(await book('resto/orders')).toEqual({ ...unread, day: tomorrow });
  });
});

describe('a token', () => {
  test.each(['orders', 'lockers'])('always gets the same number of %s', async (counter) => {
    const first = await draw(tally, `resto/${counter}`, 'mine');
    expect(wasReplayed(first)).toBe(false);
    await draw(tally, `resto/${counter}`, 'yours');
    for (const instance of tally.instances) {
      const again = await draw(instance, `resto/${counter}`, 'mine');
      expect(again).toMatchObject({ status: 201, body: first.body });
      expect(wasReplayed(again)).toBe(true);
    }
  });

  test.each(['orders', 'lockers'])(
    'that comes again on a later day still gets its number of %s, with its day',
    async (counter) => {
      const first = await ticket(`resto/${counter}`, 'mine');
      for (const daysLater of [1, 1, limits.keepBookDays - 2]) {
        tally.clock.advance(daysLater * dayMs);
        expect(await ticket(`resto/${counter}`, 'mine')).toEqual(first);
      }
      if (counter === 'orders') expect(await book('resto/orders')).toMatchObject({ number: null });
    },
  );

  test('that carries its time gets its number until the day is over, also one of 25 hours', async () => {
    await putSettings(tally, 'resto', { time_zone: 'Europe/Berlin' });
    const day = '2096-10-28';
    tally.clock.moveTo('2096-10-27T22:00:00Z');
    const token = uuidV7(tally.clock.now());
    const first = await ticket('resto/orders', token);
    expect(first).toMatchObject({ day });
    tally.clock.moveTo('2096-10-28T22:59:59Z');
    expect(await ticket('resto/orders', 'other')).toMatchObject({ day });
    expect(await ticket('resto/orders', token)).toEqual(first);
  });

  test('that carries a time before every book there is is refused', async () => {
    const token = uuidV7(tally.clock.now() - limits.keepBookDays * dayMs - 1);
    expect(await draw(tally, 'resto/orders', token)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_expired' },
    });
    expect(await tally.items()).toEqual([]);
  });

  test('means one thing per counter: a ticket or a reset', async () => {
    const reused = { status: 422, body: { code: 'idempotency_key_reused' } };
    await drawAsServer(tally, 'resto/orders', 'a');
    await reset(tally, 'resto/orders', 'b');
    const before = await tally.items();
    expect(await reset(tally, 'resto/orders', 'a')).toMatchObject(reused);
    expect(await drawAsServer(tally, 'resto/orders', 'b')).toMatchObject(reused);
    expect(await tally.items()).toEqual(before);
    expect(await ticket('bar/orders', 'b')).toMatchObject({ number: 1 });
    expect(await ticket('resto/lockers', 'a')).toMatchObject({ number: 100 });
  });

  test('is as long as callers like, and never stored as it came', async () => {
    const token = `secret-${'x'.repeat(200)}`;
    await draw(tally, 'resto/orders', token);
    const asText = (_name: string, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value;
    expect(JSON.stringify(await tally.items(), asText)).not.toContain('secret');
  });
});

describe('a reset', () => {
  test.each([
    ['orders', 1],
    ['lockers', 100],
  ])('of %s starts a new shift with the number %i', async (counter, first) => {
    const name = `resto/${counter}`;
    await ticket(name);
    await ticket(name);
    const answer = await reset(tally, name, 'close');
    expect(answer).toMatchObject({ status: 200, body: { number: null, day: today, shift: 2 } });
    expect(await book(name)).toEqual(answer.body);
    expect(await ticket(name)).toEqual({ number: first, day: today, shift: 2 });
    await reset(tally, name, 'close-again');
    expect(await ticket(name)).toEqual({ number: first, day: today, shift: 3 });
    tally.clock.moveTo('2096-02-29T00:00:00Z');
    expect(await ticket(name)).toEqual({ number: first, day: tomorrow, shift: 1 });
  });

  test('that comes again with its token starts no other shift', async () => {
    await ticket('resto/orders');
    const first = await reset(tally, 'resto/orders', 'close');
    expect(wasReplayed(first)).toBe(false);
    await ticket('resto/orders');
    const again = await reset(tally.instances[1] ?? tally, 'resto/orders', 'close');
    expect(again).toMatchObject({ status: 200, body: { number: 1, shift: 2 } });
    expect(wasReplayed(again)).toBe(true);
    expect(await ticket('resto/orders')).toMatchObject({ number: 2, shift: 2 });
  });

  test('that comes again on a later day is answered with the book it was for', async () => {
    await ticket('resto/orders');
    const first = await reset(tally, 'resto/orders', 'close');
    tally.clock.moveTo('2096-02-29T00:00:00Z');
    const again = await reset(tally, 'resto/orders', 'close');
    expect(again).toMatchObject({ body: first.body });
    expect(await book('resto/orders')).toMatchObject({ day: tomorrow, shift: 1 });
  });

  test('of a book nobody has drawn from yet leaves the first shift empty', async () => {
    expect(await reset(tally, 'resto/orders')).toMatchObject({ body: { number: null, shift: 2 } });
    expect(await ticket('resto/orders')).toMatchObject({ number: 1, shift: 2 });
  });

  test('does not take back a number that was drawn: its token keeps it', async () => {
    const first = await ticket('resto/orders', 'mine');
    await reset(tally, 'resto/orders');
    expect(await ticket('resto/orders', 'mine')).toEqual(first);
  });

  test.each(['orders', 'lockers'])(
    'among draws of %s leaves every shift without gap and duplicate',
    async (counter) => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) => {
          const instance = tally.instances[index % 2] ?? tally;
          return index % 20 === 10
            ? reset(instance, `resto/${counter}`, `close-${index}`)
            : draw(instance, `resto/${counter}`, `token-${index}`);
        }),
      );
      const tickets = answers.filter(({ status }) => status === 201).map(ticketOf);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
      expect(tickets).toHaveLength(57);
      for (const shift of [1, 2, 3, 4]) {
        const numbers = tickets.filter((it) => it.shift === shift).map(({ number }) => number);
        expectGapFree(numbers, counter === 'orders' ? 1 : 100);
      }
      expect(await book(`resto/${counter}`)).toMatchObject({ shift: 4 });
    },
  );

  test('takes the admin key', async () => {
    const request = { method: 'POST', path: '/v1/resto/orders/reset' };
    expect(await tally.send(request)).toMatchObject({
      status: 401,
      body: { code: 'key_required' },
    });
    expect(await tally.items()).toEqual([]);
  });
});

describe('what a ticket leaves in the table', () => {
  test('expires some hours apart, when the days it is kept are over, but never the token first', async () => {
    const subjects = Array.from({ length: 12 }, (_, index) => `resto-${index}`);
    for (const subject of subjects) await draw(tally, `${subject}/orders`, 'token');
    const items = await tally.items();
    const expiries = (prefix: string) =>
      items.filter(({ pk }) => String(pk).startsWith(prefix)).map(({ x }) => Number(x));
    const endOfDay = Date.parse(`${tomorrow}T00:00Z`) / 1000;
    for (const x of expiries('t#')) {
      expect(x).toBeGreaterThanOrEqual(endOfDay + limits.keepBookDays * 86_400);
      expect(x).toBeLessThan(endOfDay + (limits.keepBookDays + 2) * 86_400);
    }
    expect(new Set(expiries('t#')).size).toBeGreaterThan(8);
    for (const subject of subjects) {
      const own = items.filter(({ pk }) => String(pk).split('#')[1] === subject);
      const [booked, token] = ['t#', 'e#'].map(
        (prefix) => own.find(({ pk }) => String(pk).startsWith(prefix))?.x,
      );
      expect(Number(token)).toBeGreaterThanOrEqual(Number(booked));
    }
  });

  test('keeps the first expiry, however often numbers are drawn and shifts begun', async () => {
    await ticket('resto/orders');
    const x = async () => (await tally.items()).find(({ pk }) => pk === 't#resto#orders')?.x;
    const first = await x();
    await ticket('resto/orders');
    await reset(tally, 'resto/orders');
    expect(await x()).toBe(first);
  });
});

describe('a counter of another kind', () => {
  test.each([
    ['a ticket of a count', () => draw(tally, 'resto/likes')],
    ['a change of a book', () => tally.change('resto/orders', 1)],
    [
      'the history of a book',
      () =>
        tally.send({
          method: 'GET',
          path: '/v1/resto/orders/history',
          query: { window: 'day', from: today, to: today },
        }),
    ],
  ])('%s is refused', async (_, send) => {
    expect(await send()).toMatchObject({ status: 409, body: { code: 'wrong_kind' } });
    expect(await tally.items()).toEqual([]);
  });
});
