/** The counters that are shipped for rate limits and stock, as `tally.config.ts` has them. */

import { beforeEach, expect, test } from 'vitest';
import { tally as shipped } from '../../../tally.config.ts';
import { admin, adminKey } from '../../harness/access/callers.ts';
import { countOf, reset } from '../../harness/http/requests.ts';
import {
  type Answer,
  createTallyUnderTest,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;

beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: Object.fromEntries(
      ['calls', 'stock'].map((name) => {
        const definition = shipped.counters.get(name);
        if (definition?.kind !== 'count') throw new Error(`${name} is no count`);
        return [name, definition];
      }),
    ),
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
    expect(refused).toMatchObject({ body: { code: 'out_of_bounds', count: 100 } });
  }
  tally.clock.moveTo('2096-02-28T23:59:59.999Z');
  expect(await call(200)).toMatchObject({ status: 409, body: { count: 100 } });
  tally.clock.advance(1);
  expect(await call(201)).toMatchObject({ status: 200, body: { count: 1 } });
  expect(await change(202, 'key-8/calls', 1)).toMatchObject({ body: { count: 1 } });
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
