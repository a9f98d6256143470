/** Counts with bounds: of a minute or a day, which begin anew, and the stock that is shipped. */

import { beforeEach, expect, test } from 'vitest';
import { tally as shipped } from '../../../tally.config.ts';
import { admin, adminKey } from '../../harness/access/callers.ts';
import { countOf, putSettings, reset } from '../../harness/http/requests.ts';
import {
  type Answer,
  createTallyUnderTest,
  keyed,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const stock = shipped.counters.get('stock');
if (stock?.kind !== 'count') throw new Error('stock is not a count');

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      calls: { kind: 'count', windows: ['minute'], bounds: { max: 100 }, access: keyed },
      seats: { kind: 'count', windows: ['day'], bounds: { min: -5, max: 20 }, access: keyed },
      stock,
    },
    instances: 3,
    startsAt: '2096-02-28T23:59:12Z',
    adminKey,
  });
});

const change = (index: number, counter: string, amount: number) =>
  (tally.instances[index % 3] ?? tally).change(counter, amount, {
    token: `token-${index}`,
    headers: admin,
  });
const withStatus = (answers: readonly Answer[], status: number) =>
  answers.filter((answer) => answer.status === status);

test('the 101st call in a minute is refused with the count; the next minute starts at 0', async () => {
  const call = (index: number) => change(index, 'key-7/calls', 1);
  const answers = await Promise.all(Array.from({ length: 110 }, (_, index) => call(index)));
  expect(withStatus(answers, 200)).toHaveLength(100);
  const refusals = withStatus(answers, 409);
  expect(refusals).toHaveLength(10);
  for (const refused of refusals) {
    expect(refused).toMatchObject({
      headers: { 'retry-after': '48' },
      body: {
        code: 'out_of_bounds',
        count: 100,
        remaining: 0,
        resets_at: '2096-02-29T00:00:00.000Z',
      },
    });
  }
  tally.clock.moveTo('2096-02-28T23:59:59.999Z');
  expect(await call(200)).toMatchObject({ status: 409, body: { count: 100 } });
  tally.clock.advance(1);
  expect(await call(201)).toMatchObject({ status: 200, body: { count: 1 } });
  expect(await change(202, 'key-8/calls', 1)).toMatchObject({ body: { count: 1 } });
});

test('a retry in the next minute gets the count of the minute that it was counted in, by name', async () => {
  expect(await change(1, 'key-7/calls', 1)).toMatchObject({ body: { count: 1 } });
  tally.clock.advance(60_000);
  expect(await change(1, 'key-7/calls', 1)).toMatchObject({
    status: 200,
    headers: { 'idempotency-replayed': 'true' },
    body: { count: 1, window: '2096-02-28T23:59Z', updated_at: '2096-02-28T23:59:12.000Z' },
  });
});

test('a change that does not fit is told what does, and when the day of the subject begins anew', async () => {
  await putSettings(tally, 'bus-7', { time_zone: 'Europe/Berlin', day_start: '04:00' });
  await change(1, 'bus-7/seats', 17);
  const says = { remaining: 3, resets_at: '2096-02-29T03:00:00.000Z' };
  expect(await change(2, 'bus-7/seats', 4)).toMatchObject({
    status: 409,
    headers: { 'retry-after': String(3 * 3600 + 48) },
    body: { code: 'out_of_bounds', count: 17, ...says },
  });
  expect(await change(3, 'bus-7/seats', -23)).toMatchObject({
    body: { code: 'out_of_bounds', count: 17 },
  });
  tally.clock.moveTo(says.resets_at);
  expect(await change(4, 'bus-7/seats', 4)).toMatchObject({ status: 200, body: { count: 4 } });
});

test('a change that never fits, or a count that never begins anew, has no time to wait for', async () => {
  for (const [counter, amount] of [
    ['bus-7/seats', 21],
    ['shoe/stock', -1],
  ] as const) {
    const { headers, body } = await change(amount, counter, amount);
    expect(body).toMatchObject({ code: 'out_of_bounds' });
    expect(body).not.toHaveProperty('resets_at');
    expect(headers).not.toHaveProperty('retry-after');
  }
});

test('stock never goes below 0, and what was sold was there', async () => {
  await change(999, 'shoe/stock', 30);
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      index === 25 ? reset(tally, 'shoe/stock', 'inventory') : change(index, 'shoe/stock', -1),
    ),
  );
  const [resetAnswer] = answers.splice(25, 1);
  // So many others may come between its looks and its writes that it gives up.
  expect([200, 503]).toContain(resetAnswer?.status);
  const sold = withStatus(answers, 200).length;
  const cells = (await tally.items()).filter(({ pk }) => String(pk).startsWith('c#'));
  const takenAway = cells.reduce((sum, { z = 0 }) => sum + Number(z), 0);
  const left = countOf(await tally.send({ method: 'GET', path: '/v1/shoe/stock', headers: admin }));
  // More are asked for than there are, so all of it is sold, or taken away by the reset.
  expect([left, sold + takenAway]).toEqual([0, 30]);
  const refusals = withStatus(answers, 409);
  expect(refusals).toHaveLength(59 - sold);
  for (const { body } of refusals) expect(body).toMatchObject({ code: 'out_of_bounds', count: 0 });
  for (const { body } of withStatus(answers, 200)) {
    expect((body as { count: number }).count).toBeGreaterThanOrEqual(0);
  }
});

test('without a key there is neither', async () => {
  for (const counter of ['key-7/calls', 'shoe/stock']) {
    expect(await tally.change(counter, 1)).toMatchObject({
      status: 401,
      body: { code: 'key_required' },
    });
  }
  expect(await tally.items()).toEqual([]);
});
