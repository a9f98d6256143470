/** How much one request may change a count that strangers write. */
import { beforeEach, describe, expect, test } from 'vitest';
import { admin, adminKey, type Headers, nobody } from '../../harness/access/callers.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', amounts: {}, access: open },
      views: { kind: 'count', amounts: {}, write: 'deferred', access: open },
      seats: { kind: 'count', amounts: {}, bounds: { min: -9, max: 9 }, access: open },
      score: { kind: 'count', amounts: { max: 5, decrement: true }, access: open },
      stock: { kind: 'count', amounts: {}, access: keyed },
    },
    adminKey,
  });
});

const change = (counter: string, body: object, headers: Headers = nobody) =>
  tally.send({ method: 'POST', path: `/v1/post/${counter}`, headers, body });
const tooLarge = { status: 400, body: { code: 'amount_too_large' } };
const noDecrement = { status: 400, body: { code: 'decrement_not_allowed' } };

describe.each(['likes', 'views', 'seats'])('a count that everybody may write: %s', (counter) => {
  test('takes 1 more a request and nothing else, and nothing that is refused is stored', async () => {
    const before = await tally.items();
    for (const [body, refusal] of [
      [{ action: 'decrement', amount: 1_000_000_000 }, noDecrement],
      [{ action: 'decrement' }, noDecrement],
      [{ action: 'increment', amount: 1_000_000_000 }, tooLarge],
      [{ action: 'increment', amount: 2 }, tooLarge],
    ] as const) {
      for (const headers of [nobody, admin, { 'idempotency-key': 'a' }]) {
        expect(await change(counter, body, headers)).toMatchObject(refusal);
      }
    }
    expect(await tally.items()).toEqual(before);
    expect(await change(counter, { action: 'increment' })).toMatchObject({ body: { count: 1 } });
  });

  test('takes no more in a batch', async () => {
    const items = [
      { action: 'increment', amount: 2 },
      { action: 'decrement', amount: 1 },
      { action: 'increment', amount: 1 },
    ].map((item) => ({ subject: 'post', counter, ...item }));
    expect(await tally.send({ method: 'POST', path: '/v1/batch', body: { items } })).toMatchObject({
      body: {
        results: [
          { status: 400, code: 'amount_too_large' },
          { status: 400, code: 'decrement_not_allowed' },
          { status: 200 },
        ],
      },
    });
    await tally.settle();
    expect(await tally.read(`post/${counter}`)).toMatchObject({ body: { count: 1 } });
  });

  test('is corrected by an operator all the same', async () => {
    await change(counter, { action: 'increment' });
    await tally.settle();
    expect(await change(counter, { action: 'set', value: -7 }, admin)).toMatchObject({
      body: { count: -7 },
    });
  });
});

test('a saturating change is no way around what a count takes', async () => {
  const saturate = true;
  expect(await change('seats', { action: 'increment', amount: 9, saturate })).toMatchObject(
    tooLarge,
  );
  expect(await change('seats', { action: 'decrement', saturate })).toMatchObject(noDecrement);
});

test('a count takes what its definition says, up and down', async () => {
  expect(await change('score', { action: 'increment', amount: 5 })).toMatchObject({
    body: { count: 5 },
  });
  expect(await change('score', { action: 'decrement', amount: 5 })).toMatchObject({
    body: { count: 0 },
  });
  expect(await change('score', { action: 'decrement', amount: 6 })).toMatchObject(tooLarge);
});

test('a count that takes an API key takes any amount', async () => {
  const amount = 1_000_000_000;
  expect(await change('stock', { action: 'increment', amount }, admin)).toMatchObject({
    body: { count: amount },
  });
  expect(await change('stock', { action: 'decrement', amount }, admin)).toMatchObject({
    body: { count: 0 },
  });
});
