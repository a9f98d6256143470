/** A retry that comes late is told what became of its change: in the window it counted in, and once. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  createTallyUnderTest,
  open,
  type TallyOptions,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const counters: TallyOptions['counters'] = {
  views: { kind: 'count', write: 'deferred', windows: ['day', 'all'], access: open },
  calls: { kind: 'count', windows: ['minute'], keepDays: { minute: 0 }, access: open },
  stock: { kind: 'count', windows: ['day'], bounds: { min: 0, max: 100 }, access: open },
  likes: { kind: 'count', write: 'deferred', access: open },
};

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTallyUnderTest({ counters, startsAt: '2096-02-28T23:00:00.000Z' });
});

const countOf = async (counter: string) => {
  const { body } = await tally.read(counter, { consistent: 'true' });
  return (body as { count: number }).count;
};

const replay = (body: object) => ({
  status: 200,
  headers: { 'idempotency-replayed': 'true' },
  body,
});

describe('a retry in another window than its change', () => {
  test.each(['views', 'stock'])(
    'is told the count of the day that it counted in, and which day that is: %s',
    async (counter) => {
      const send = () => tally.change(`post/${counter}`, 7, { token: 'a' });
      expect((await send()).body).toMatchObject({ window: '2096-02-28' });
      await tally.settle();
      expect((await send()).body).toMatchObject({ window: '2096-02-28' });
      tally.clock.advance(12 * hourMs);
      const expected = { count: 7, pending: false, window: '2096-02-28' };
      expect(await send()).toMatchObject(replay(expected));
      await tally.change(`post/${counter}`, 1);
      await tally.settle();
      expect(await send()).toMatchObject(replay(expected));
      expect(await countOf(`post/${counter}`)).toBe(1);
    },
  );

  test('is told its count before it is folded, too', async () => {
    tally.clock.moveTo('2096-02-28T23:59:59.000Z');
    await tally.change('post/views', 7, { token: 'a' });
    tally.clock.advance(2_000);
    const expected = { count: 7, pending: true, window: '2096-02-28' };
    expect(await tally.change('post/views', 7, { token: 'a' })).toMatchObject(replay(expected));
    expect(await countOf('post/views')).toBe(0);
  });

  test('is told so in a batch', async () => {
    const item = { subject: 'post', counter: 'views', action: 'increment', amount: 7 };
    const body = { items: [{ ...item, idempotency_key: 'a' }] };
    const send = () => tally.send({ method: 'POST', path: '/v1/batch', body });
    await send();
    await tally.settle();
    tally.clock.advance(12 * hourMs);
    const result = { status: 200, count: 7, window: '2096-02-28', replayed: true };
    expect((await send()).body).toMatchObject({ results: [result] });
  });

  test('is told the window of then when the counter shows another one now', async () => {
    await tally.change('post/views', 7, { token: 'a' });
    await tally.settle();
    const later = await createTallyUnderTest({
      counters: { views: { kind: 'count', windows: ['all', 'day'], access: open } },
      startsAt: '2096-02-29T11:00:00.000Z',
      table: tally.table,
    });
    const answer = await later.change('post/views', 7, { token: 'a' });
    expect(answer).toMatchObject(replay({ count: 7, window: '2096-02-28' }));
  });

  test('is told no count of a window that is kept no longer', async () => {
    await tally.change('post/calls', 7, { token: 'a' });
    tally.clock.advance(2 * minuteMs);
    expect(await tally.change('post/calls', 7, { token: 'a' })).toMatchObject(
      replay({ count: 7, window: '2096-02-28T23:00Z' }),
    );
    tally.clock.advance(4 * hourMs);
    expect(await tally.change('post/calls', 7, { token: 'a' })).toMatchObject({
      status: 204,
      headers: { 'idempotency-replayed': 'true' },
    });
  });
});

describe.each([
  ['ahead', 2_000],
  ['far ahead', 20_000],
  ['behind', -2_000],
])('a deferred change by a writer whose clock is %s', (_, skewMs) => {
  let writer: TallyUnderTest;

  beforeEach(async () => {
    writer = await createTallyUnderTest({ counters, table: tally.table });
    writer.clock.moveTo(tally.clock.now() + skewMs);
  });

  const advance = (ms: number) => {
    for (const { clock } of [tally, writer]) clock.advance(ms);
  };

  test('is in the count of its retry once: before it is folded, after, and for good', async () => {
    const sendTo = (on: TallyUnderTest) => on.change('post/likes', 5, { token: 'a' });
    expect(await sendTo(writer)).toMatchObject({ body: { count: 5, pending: true } });
    for (const on of [writer, tally]) {
      expect(await sendTo(on)).toMatchObject(replay({ count: 5, pending: true }));
    }
    advance(500);
    await tally.settle();
    for (const ms of [0, 100, 2_000, 10 * minuteMs, 12 * hourMs]) {
      advance(ms);
      for (const on of [writer, tally]) {
        expect(await sendTo(on), `${ms} ms later`).toMatchObject(replay({ count: 5 }));
      }
    }
    expect(await sendTo(tally)).toMatchObject({ body: { pending: false } });
    expect(await countOf('post/likes')).toBe(5);
  });
});
