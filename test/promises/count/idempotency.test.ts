import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { changeUntilTaken } from '../../harness/counts/patient-client.ts';
import { uuidV7 } from '../../harness/counts/uuid-v7.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

const HOUR = 3_600_000;

let tally: TallyUnderTest;
beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
      dislikes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: open },
      stock: { kind: 'count', bounds: { min: 0 }, access: open },
    },
    settings: { tokenHours: 24 },
    instances: 3,
  });
});

/** The total with everything in it. */
async function settledCount(counter: string): Promise<unknown> {
  await tally.settle();
  const { body } = await tally.read(counter, { consistent: 'true' });
  return (body as { count: number }).count;
}

describe.each(['likes', 'views', 'stock'])('on %s, the same token', (counter) => {
  test('with the same change counts once and says that it is a replay', async () => {
    const path = `again/${counter}`;
    const first = await tally.change(path, 3, { token: 'once' });
    expect(first).toMatchObject({ status: 200, body: { count: 3 } });
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    for (const instance of tally.instances) {
      expect(await instance.change(path, 3, { token: 'once' })).toMatchObject({
        status: 200,
        headers: { 'idempotency-replayed': 'true' },
        body: { count: 3 },
      });
    }
    expect(await settledCount(path)).toBe(3);
    tally.clock.advance(limits.foldedAfterSeconds * 1000);
    const late = await tally.change(path, 3, { token: 'once' });
    expect(late).toMatchObject({ status: 200, body: { count: 3, pending: false } });
    expect(await settledCount(path)).toBe(3);
  });

  test.each([
    ['amount', 4],
    ['action', -3],
  ])('with another %s is refused, and the count stays', async (what, amount) => {
    const path = `other-${what}/${counter}`;
    await tally.change(path, 3, { token: 'taken' });
    const refused = await tally.change(path, amount, { token: 'taken' });
    expect(refused).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(refused.headers).not.toHaveProperty('idempotency-replayed');
    expect(await settledCount(path)).toBe(3);
  });

  test('all at once from several instances counts once', async () => {
    const path = `at-once/${counter}`;
    const answers = await Promise.all(
      tally.instances.flatMap((instance) =>
        Array.from({ length: 5 }, () => instance.change(path, 2, { token: 'together' })),
      ),
    );
    const replays = answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true');
    expect(replays).toHaveLength(answers.length - 1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await settledCount(path)).toBe(2);
  });
});

test('a replay with return=minimal is 204 and says that it is one', async () => {
  await tally.change('minimal/likes', 1, { token: 'a' });
  const replay = await tally.change('minimal/likes', 1, { token: 'a', minimal: true });
  expect(replay).toMatchObject({ status: 204, headers: { 'idempotency-replayed': 'true' } });
});

test('a deferred change that comes again is answered with a count that has it, and stops being pending', async () => {
  await tally.change('seldom/views', 4, { token: 'before' });
  await tally.settle();
  tally.clock.advance(1);
  const send = () => tally.change('seldom/views', 3, { token: 'a' });
  const pending = { status: 200, body: { count: 7, pending: true } };
  expect(await send()).toMatchObject(pending);
  tally.clock.advance(1);
  expect(await send()).toMatchObject(pending);
  await tally.settle();
  expect(await send()).toMatchObject(pending);
  tally.clock.advance(limits.foldedAfterSeconds * 1000);
  expect(await send()).toMatchObject({ status: 200, body: { count: 7, pending: false } });
});

test('a replay after the day has changed counts in neither day', async () => {
  const { clock } = tally;
  const before = clock.now();
  await tally.change('midnight/views', 1, { token: 'late' });
  clock.advance(2 * HOUR);
  await tally.change('midnight/views', 1, { token: 'late' });
  await tally.settle();
  expect(await tally.read('midnight/views', { window: 'day' })).toMatchObject({
    body: { count: 0 },
  });
  clock.moveTo(before);
  expect(await tally.read('midnight/views', { window: 'day' })).toMatchObject({
    body: { count: 1 },
  });
});

test('quoted and plain, a token is the same', async () => {
  await tally.change('quotes/likes', 1, { token: 'abc' });
  const quoted = await tally.change('quotes/likes', 1, { token: '"abc"' });
  expect(quoted.headers).toHaveProperty('idempotency-replayed', 'true');
  expect(await settledCount('quotes/likes')).toBe(1);
});

test('tokens differ by case and by every character', async () => {
  for (const token of ['abc', 'Abc', 'abc.', 'ab', '"a\\"bc"', "'abc'"]) {
    const { headers } = await tally.change('spelling/likes', 1, { token });
    expect(headers, token).not.toHaveProperty('idempotency-replayed');
  }
  expect(await settledCount('spelling/likes')).toBe(6);
});

test('the same token on another subject or counter is another change', async () => {
  for (const counter of ['mine/likes', 'yours/likes', 'mine/dislikes', 'mine/views']) {
    const { headers } = await tally.change(counter, 1, { token: 'shared' });
    expect(headers, counter).not.toHaveProperty('idempotency-replayed');
    expect(await settledCount(counter), counter).toBe(1);
  }
});

test("a caller's token is nowhere in the table", async () => {
  await tally.change('secret/likes', 1, { token: 'card-4111111111111111' });
  const asText = (_name: string, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value;
  expect(JSON.stringify(await tally.items(), asText)).not.toContain('4111111111111111');
});

describe('a UUIDv7 token', () => {
  test.each([
    ['made now', 0],
    ['as old as tokens are remembered', -24 * HOUR],
    ['from a clock that is ahead by that', 24 * HOUR],
  ])('%s is taken', async (when, offset) => {
    const token = uuidV7(tally.clock.now() + offset);
    expect(await tally.change(`fresh${offset}/likes`, 1, { token }), when).toMatchObject({
      status: 200,
    });
  });

  test('stays in the table for as long as it would be taken', async () => {
    const { clock } = tally;
    const takenUntilMs = (madeAtMs: number) => madeAtMs + 24 * HOUR;
    for (const madeAtMs of [clock.now(), clock.now() + 23 * HOUR]) {
      const subject = `kept-${madeAtMs}`;
      await tally.change(`${subject}/likes`, 1, { token: uuidV7(madeAtMs) });
      const token = (await tally.items()).find(({ pk }) => String(pk).startsWith(`e#${subject}#`));
      expect(Number(token?.x) * 1000).toBeGreaterThan(takenUntilMs(madeAtMs));
    }
  });

  test('too old to be remembered is refused, and nothing is counted', async () => {
    const token = uuidV7(tally.clock.now() - 24 * HOUR - 1);
    const refused = await tally.change('stale/likes', 1, { token });
    expect(refused).toMatchObject({ status: 422, body: { code: 'idempotency_key_expired' } });
    expect(await settledCount('stale/likes')).toBe(0);
  });

  test('from the future is refused, and nothing is counted', async () => {
    const token = uuidV7(tally.clock.now() + 24 * HOUR + 1);
    const refused = await tally.change('future/likes', 1, { token });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_idempotency_key' } });
    expect(await settledCount('future/likes')).toBe(0);
  });

  test('counted in time is a replay until it is too old', async () => {
    const { clock } = tally;
    const before = clock.now();
    const token = uuidV7(before);
    await tally.change('aging/likes', 1, { token });
    clock.advance(24 * HOUR);
    expect(await tally.change('aging/likes', 1, { token })).toMatchObject({
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
    });
    clock.advance(1);
    expect(await tally.change('aging/likes', 1, { token })).toMatchObject({ status: 422 });
    clock.moveTo(before);
    expect(await settledCount('aging/likes')).toBe(1);
  });
});

test.each(['likes', 'views', 'stock'])(
  '100 tokens, each three times and all at once, make exactly 100 on %s',
  async (counter) => {
    const path = `hundred/${counter}`;
    const sends = Array.from({ length: 300 }, (_, index) => {
      const instance = tally.instances[index % tally.instances.length] ?? tally;
      return changeUntilTaken(instance, path, 1, { token: `token-${index % 100}` });
    });
    const answers = await Promise.all(sends);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await settledCount(path)).toBe(100);
  },
);
