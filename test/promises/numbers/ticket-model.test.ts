/** Books of tickets against the simplest model: a map that knows no containers, round trips or races. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { adminKey } from '../../harness/access/callers.ts';
import { drawAsServer, reset } from '../../harness/http/requests.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

type Step =
  | { readonly does: 'draw' | 'reset'; readonly instance: number; readonly token: string }
  | { readonly does: 'read'; readonly instance: number }
  | { readonly does: 'wait'; readonly hours: number };

const instances = fc.nat({ max: 2 });
const tokens = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('draw'), instance: instances, token: tokens }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('reset'), instance: instances, token: tokens }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('read'), instance: instances }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('wait'), hours: fc.nat({ max: 30 }) }) },
);

interface Issue {
  readonly kind: 'draw' | 'reset';
  readonly number: number;
  readonly day: string;
  readonly shift: number;
}

/** @param first the first number of a shift */
function createModel(first: number) {
  const books = new Map<string, { number: number; shift: number }>();
  const issues = new Map<string, Issue>();
  const bookOf = (day: string) => books.get(day) ?? { number: first - 1, shift: 1 };

  const show = (day: string) => {
    const { number, shift } = bookOf(day);
    return { number: number < first ? null : number, day, shift };
  };

  return {
    show,
    /** @returns what it is answered, or that the token stands for something else */
    issue(kind: Issue['kind'], token: string, day: string) {
      const seen = issues.get(token);
      if (seen && seen.kind !== kind) return 'idempotency_key_reused';
      const { number, shift } = bookOf(day);
      const next =
        kind === 'draw' ? { number: number + 1, shift } : { number: first - 1, shift: shift + 1 };
      const issue = seen ?? { kind, day, ...next };
      if (!seen) {
        books.set(day, next);
        issues.set(token, issue);
      }
      return kind === 'draw'
        ? { number: issue.number, day: issue.day, shift: issue.shift }
        : show(issue.day);
    },
  };
}

describe.each([
  ['orders', 1],
  ['lockers', 100],
])('%s', (counter, first) => {
  let tally: TallyUnderTest;
  let subjects = 0;

  beforeAll(async () => {
    tally = await createTallyUnderTest({
      counters: {
        orders: { kind: 'ticket', access: open },
        lockers: { kind: 'ticket', startsAt: 100, access: open },
      },
      instances: 3,
      adminKey,
    });
  });

  test('answer what the model answers, whatever comes in which order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 25 }), async (history) => {
        const model = createModel(first);
        const book = `resto-${subjects++}/${counter}`;
        for (const step of history) {
          if (step.does === 'wait') {
            tally.clock.advance(step.hours * 3_600_000);
            continue;
          }
          const day = new Date(tally.clock.now()).toISOString().slice(0, 10);
          const instance = tally.instances[step.instance] ?? tally;
          if (step.does === 'read') {
            expect((await instance.read(book)).body).toMatchObject(model.show(day));
            continue;
          }
          const send = step.does === 'draw' ? drawAsServer : reset;
          const { body } = await send(instance, book, step.token);
          const expected = model.issue(step.does, step.token, day);
          expect(body).toMatchObject(typeof expected === 'string' ? { code: expected } : expected);
        }
      }),
      { numRuns: 15 },
    );
  });
});
