/**
 * Random histories against a counter that knows no shards: whatever several instances do at the same
 * time, with repeated tokens, conflicts, lost replies and days that end, once everything is folded
 * every window of every counter holds what was accepted, and nothing else.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CounterInput } from '../../../functions/counters/define-counters.ts';
import type { WindowKind } from '../../../functions/rules/windows.ts';
import { changeUntilTaken } from '../../harness/counts/patient-client.ts';
import { areInSameWindow, PlainCounters } from '../../harness/counts/plain-counters.ts';
import { createTestTable } from '../../harness/engine/test-table.ts';
import { startFaultProxy } from '../../harness/faults/fault-proxy.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import {
  type Answer,
  createTallyUnderTest,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const callsMax = 4;
const counters = {
  likes: { kind: 'count', access: open },
  views: { kind: 'count', write: 'deferred', windows: ['all', 'day', 'hour'], access: open },
  visits: { kind: 'count', windows: ['day', 'all'], maxShards: 3, access: open },
  stock: { kind: 'count', bounds: { min: 0 }, access: open },
  calls: { kind: 'count', windows: ['minute'], bounds: { max: callsMax }, access: open },
} as const satisfies Record<string, CounterInput>;

const windowsOf: Record<keyof typeof counters, readonly WindowKind[]> = {
  likes: ['all'],
  views: ['all', 'day', 'hour'],
  visits: ['day', 'all'],
  stock: ['all'],
  calls: ['minute'],
};
const bounded = new Set(['stock', 'calls']);
const instances = 2;
const paths = ['a', 'b'].flatMap((subject) =>
  Object.keys(counters).map((counter) => `${subject}/${counter}`),
);

interface Change {
  readonly instance: number;
  readonly counter: string;
  readonly amount: number;
  readonly token: string | undefined;
}

const change: fc.Arbitrary<Change> = fc.record({
  instance: fc.nat({ max: instances - 1 }),
  counter: fc.constantFrom(...paths),
  amount: fc.constantFrom(1, 1, 1, 2, 3, -1, -2),
  // So few that they come again, with the same change and with another.
  token: fc.option(
    fc.nat({ max: 9 }).map((index) => `token-${index}`),
    { nil: undefined },
  ),
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.array(change, { minLength: 1, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constant('settle' as const) },
  { weight: 2, arbitrary: fc.constantFrom(900, 61_000, 3_600_000, 26 * 3_600_000) },
);

const history = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
  conflictRate: fc.constantFrom(0, 0.5),
  seed: fc.integer(),
});

test('settled totals equal those of a counter that knows no shards', { timeout: 600_000 }, () =>
  fc.assert(
    fc.asyncProperty(history, async ({ steps, conflictRate, seed }) => {
      const { tally, stop } = await start({ conflictRate, seed });
      const model = new PlainCounters();
      /** What each token was ever sent for. */
      const asked = new Map<string, Set<number>>();
      const moments = [tally.clock.now()];
      for (const next of steps) {
        if (next === 'settle') await tally.settle();
        else if (typeof next === 'number') tally.clock.advance(next);
        else await changeAtOnce(tally, model, asked, next);
        moments.push(tally.clock.now());
      }
      await tally.settle();
      await expectTotals(tally, model, moments);
      await stop();
    }),
    { numRuns: 40 },
  ),
);

async function start({ conflictRate, seed }: { conflictRate: number; seed: number }) {
  const table = await createTestTable();
  const random = seededRandom(seed);
  const proxy = await startFaultProxy({ upstream: table.endpoint, random });
  if (conflictRate > 0) {
    proxy.inject({ effect: 'throttle', operation: 'UpdateItem', rate: conflictRate });
    const isFirst = onceForEachBody();
    proxy.inject({
      effect: 'lose reply',
      operation: ['PutItem', 'UpdateItem'],
      rate: 0.05,
      // Without a token it would not be known what happened.
      where: (body) => !isPlainAdd(body) && isFirst(body),
    });
  }
  const { endpoint } = proxy;
  // Longer than a history: what is forgotten is a test of its own.
  const settings = { tokenHours: 720 };
  const tally = await createTallyUnderTest({
    counters,
    settings,
    table,
    endpoint,
    instances,
    seed,
  });
  return { tally, stop: () => proxy.stop() };
}

const isPlainAdd = (body: { UpdateExpression?: string; ConditionExpression?: string }): boolean =>
  body.UpdateExpression?.startsWith('ADD') ?? false;

/** A reply that is lost every time would leave it open what happened. */
function onceForEachBody(): (body: object) => boolean {
  const seen = new Set<string>();
  return (body) => seen.size < seen.add(JSON.stringify(body)).size;
}

async function changeAtOnce(
  tally: TallyUnderTest,
  model: PlainCounters,
  asked: Map<string, Set<number>>,
  changes: readonly Change[],
): Promise<void> {
  const atMs = tally.clock.now();
  const answers = await Promise.all(
    changes.map(({ instance, counter, amount, token }) =>
      changeUntilTaken(
        tally.instances[instance] ?? tally,
        counter,
        amount,
        token === undefined ? {} : { token },
      ),
    ),
  );
  const answered = changes.map((it, index) => {
    const answer = answers[index];
    // One that was refused before is counted in the window of then, if it fits by now.
    const { window } = (answer?.body ?? {}) as { window?: string };
    const isEarlier = window !== undefined && window !== 'all';
    return { ...it, atMs: isEarlier ? Date.parse(window) : atMs, answer };
  });
  for (const { counter, token, amount } of changes) {
    const name = `${counter} ${token}`;
    asked.set(name, (asked.get(name) ?? new Set()).add(amount));
  }
  const isTaken = ({ answer }: { answer: Answer | undefined }) => answer?.status === 200;
  for (const it of answered.filter(isTaken)) model.accept(it);
  for (const { answer, counter, token, amount } of answered) {
    const { status, body } = answer ?? expect.unreachable();
    const context = `${counter} ${amount} ${token}: ${JSON.stringify(body)}`;
    expect([200, 409, 422], context).toContain(status);
    if (status === 422) {
      // Also if what it was used for before was refused.
      expect(asked.get(`${counter} ${token}`)?.size, context).toBeGreaterThan(1);
      expect(model.amountOf({ counter, token })).not.toBe(amount);
    }
    if (status === 409) expect(bounded.has(counter.slice(2)), context).toBe(true);
    if (status === 409 && changes.length === 1) {
      expect(wouldFit(model, { counter, amount, atMs }), context).toBe(false);
    }
    if (bounded.has(counter.slice(2))) {
      expect(wouldFit(model, { counter, amount: 0, atMs }), `${counter} is in bounds`).toBe(true);
    }
  }
}

/** Whether a bounded counter stays in its bounds with a change. */
function wouldFit(
  model: PlainCounters,
  { counter, amount, atMs }: { counter: string; amount: number; atMs: number },
): boolean {
  const isStock = counter.endsWith('stock');
  const after = model.count(counter, isStock ? 'all' : 'minute', atMs) + amount;
  return isStock ? after >= 0 : after <= callsMax;
}

/** Looks at every window that any of these moments falls into, and at each once. */
async function expectTotals(
  tally: TallyUnderTest,
  model: PlainCounters,
  moments: readonly number[],
): Promise<void> {
  for (const [index, atMs] of moments.entries()) {
    tally.clock.moveTo(atMs);
    const earlier = moments.slice(0, index);
    await Promise.all(
      paths.flatMap((path) =>
        windowsOf[path.slice(2) as keyof typeof counters]
          .filter((window) => !earlier.some((it) => areInSameWindow(window, it, atMs)))
          .map((window) => expectTotal(tally, model, { path, window, atMs })),
      ),
    );
  }
}

async function expectTotal(
  tally: TallyUnderTest,
  model: PlainCounters,
  { path, window, atMs }: { path: string; window: WindowKind; atMs: number },
): Promise<void> {
  const answer = await tally.read(path, { window, consistent: 'true' });
  const count = model.count(path, window, atMs);
  expect(answer, `${path} ${window}`).toMatchObject({ status: 200, body: { count } });
}
