import { beforeEach, describe, expect, test } from 'vitest';
import {
  type Answer,
  createTallyUnderTest,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      stock: { kind: 'count', bounds: { min: 0 }, access: open },
      seats: { kind: 'count', bounds: { min: 0, max: 10 }, access: open },
      calls: { kind: 'count', windows: ['minute'], bounds: { max: 100 }, access: open },
      sales: { kind: 'count', windows: ['all', 'day'], bounds: { min: 0 }, access: open },
    },
    instances: 3,
    startsAt: '2096-02-28T23:59:12Z',
  });
});

const read = (counter: string) => tally.read(counter, { consistent: 'true' });
const statuses = (answers: readonly Answer[]): Record<number, number> => {
  const groups = Map.groupBy(answers, ({ status }) => status);
  return Object.fromEntries([...groups].map(([status, group]) => [status, group.length]));
};
const instance = (index: number) => tally.instances[index % tally.instances.length] ?? tally;

/** Sends so many at a time: enough to meet on a cell, and not so many that they wait for a socket. */
async function inBursts<T>(count: number, send: (index: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  while (answers.length < count) {
    const size = Math.min(20, count - answers.length);
    const burst = Array.from({ length: size }, (_, index) => send(answers.length + index));
    answers.push(...(await Promise.all(burst)));
  }
  return answers;
}

const outOfBounds = (count: number) => ({
  status: 409,
  headers: { 'content-type': 'application/problem+json' },
  body: { code: 'out_of_bounds', count },
});

describe.each([true, false])('with tokens: %s', (withTokens) => {
  const optionsOf = (index: number) => (withTokens ? { token: `token-${index}` } : {});

  test('buyers who come at once get what is in stock, and no more', async () => {
    await tally.change('shoe/stock', 50);
    const amounts = Array.from({ length: 60 }, (_, index) => 1 + (index % 3));
    const answers = await inBursts(amounts.length, (index) =>
      instance(index).change('shoe/stock', -Number(amounts[index]), optionsOf(index)),
    );
    expect(statuses(answers)).toEqual({ 200: expect.any(Number), 409: expect.any(Number) });
    const sold = amounts.filter((_, index) => answers[index]?.status === 200);
    const refused = amounts.filter((_, index) => answers[index]?.status === 409);
    const left = 50 - sold.reduce((sum, amount) => sum + amount, 0);
    expect(left).toBeGreaterThanOrEqual(0);
    expect(left).toBeLessThan(Math.min(...refused));
    expect(await read('shoe/stock')).toMatchObject({ body: { count: left } });
  });

  test('the last piece is sold once, also when no count is asked for', async () => {
    await tally.change('shoe/stock', 20);
    const answers = await inBursts(30, (index) =>
      instance(index).change('shoe/stock', -1, { ...optionsOf(index), minimal: true }),
    );
    expect(statuses(answers)).toEqual({ 204: 20, 409: 10 });
  });

  test('the 101st call in a minute is refused with the count, and the next minute is free', async () => {
    const call = (index: number) => instance(index).change('key-7/calls', 1, optionsOf(index));
    const answers = await inBursts(120, call);
    expect(statuses(answers)).toEqual({ 200: 100, 409: 20 });
    expect(await call(200)).toMatchObject(outOfBounds(100));

    tally.clock.moveTo('2096-02-28T23:59:59.999Z');
    expect(await call(201)).toMatchObject(outOfBounds(100));
    tally.clock.advance(1);
    expect(await call(202)).toMatchObject({ status: 200, body: { count: 1, pending: false } });
  });

  test('a change that would leave the bounds is refused as a whole', async () => {
    await tally.change('room/seats', 8);
    expect(await tally.change('room/seats', 3, optionsOf(1))).toMatchObject(outOfBounds(8));
    expect(await tally.change('room/seats', -9, optionsOf(2))).toMatchObject(outOfBounds(8));
    expect(await tally.change('room/seats', 2, optionsOf(3))).toMatchObject({ status: 200 });
    expect(await tally.change('room/seats', -10, optionsOf(4))).toMatchObject({
      status: 200,
      body: { count: 0 },
    });
  });

  test('a counter that was never touched is at 0', async () => {
    expect(await tally.change('room/seats', -1, optionsOf(1))).toMatchObject(outOfBounds(0));
    expect(await tally.change('room/seats', 11, optionsOf(2))).toMatchObject(outOfBounds(0));
    // A token is claimed before it is refused; there is nothing else, and that goes in a day.
    expect((await tally.items()).map(({ pk }) => String(pk).slice(0, 2))).toEqual(
      withTokens ? ['e#', 'e#'] : [],
    );
    expect(await tally.change('room/seats', 10, optionsOf(3))).toMatchObject({ status: 200 });
  });

  test('a count that is out of bounds since they were changed can come back', async () => {
    await tally.seedCell({ subject: 'room', counter: 'seats' }, { n: 15 });
    expect(await tally.change('room/seats', 1, optionsOf(1))).toMatchObject(outOfBounds(15));
    expect(await tally.change('room/seats', -3, optionsOf(2))).toMatchObject({
      body: { count: 12 },
    });
    expect(await tally.change('room/seats', -3, optionsOf(3))).toMatchObject({
      body: { count: 9 },
    });
  });
});

describe('a counter that had grown before it was given bounds', () => {
  beforeEach(() => tally.seedCell({ subject: 'room', counter: 'seats' }, { n: 5, s: 4 }));

  test.each([false, true])('refuses changes, and says why; with tokens: %s', async (withTokens) => {
    const before = await tally.cell({ subject: 'room', counter: 'seats' });
    for (const amount of [1, -1]) {
      const { status, body } = await tally.change(
        'room/seats',
        amount,
        withTokens ? { token: `token of ${amount}`.replaceAll(' ', '-') } : {},
      );
      expect({ status, body }).toMatchObject({
        status: 409,
        body: { code: 'out_of_bounds', detail: expect.stringContaining('4 cells') },
      });
      expect(body).not.toHaveProperty('count');
    }
    expect(await tally.cell({ subject: 'room', counter: 'seats' })).toEqual(before);
  });

  test('takes changes away from the bound it has', async () => {
    await tally.seedCell({ subject: 'shoe', counter: 'stock' }, { n: 5, s: 4 });
    expect(await tally.change('shoe/stock', 2)).toMatchObject({ status: 200, body: { count: 7 } });
  });
});

test('a granted change that comes again is granted again and counts once, also when sold out', async () => {
  await tally.change('shoe/stock', 1);
  await tally.change('shoe/stock', -1, { token: 'mine' });
  expect(await tally.change('shoe/stock', -1, { token: 'late' })).toMatchObject(outOfBounds(0));
  expect(await tally.change('shoe/stock', -1, { token: 'mine' })).toMatchObject({
    status: 200,
    headers: { 'idempotency-replayed': 'true' },
    body: { count: 0, pending: false },
  });
});

test('a refused token is not used up: it is granted once there is room', async () => {
  expect(await tally.change('shoe/stock', -1, { token: 'patient' })).toMatchObject(outOfBounds(0));
  await tally.change('shoe/stock', 1);
  const answer = await tally.change('shoe/stock', -1, { token: 'patient' });
  expect(answer).toMatchObject({ status: 200, body: { count: 0 } });
  expect(answer.headers).not.toHaveProperty('idempotency-replayed');
});

test('other windows of a bounded counter follow it', async () => {
  await tally.change('shoe/sales', 5);
  await tally.change('shoe/sales', -2, { token: 'a' });
  await tally.change('shoe/sales', -9, { token: 'b' });
  await tally.settle();
  expect(await tally.read('shoe/sales', { window: 'day' })).toMatchObject({ body: { count: 3 } });
  expect(await read('shoe/sales')).toMatchObject({ body: { count: 3 } });
});
