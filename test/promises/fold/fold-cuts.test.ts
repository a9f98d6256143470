/** Any cuts, any redeliveries: the fold on DynamoDB ends at the exact sums. */
import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect } from '../../harness/faults/fault-rules.ts';
import { createFoldRig, firstShard, secondShard } from '../../harness/fold/fold-rig.ts';
import {
  choiceOf,
  inserted,
  removed,
  replaced,
  tokenOf,
  windows,
} from '../../harness/fold/ledger-records.ts';

/** What happens to the ledger: tokens are accepted; a member chooses anew. */
type Change =
  | { readonly counter: 'views'; readonly subject: string; readonly amount: number }
  | { readonly counter: 'reactions'; readonly choice: string | undefined };

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    counter: fc.constant('views'),
    subject: fc.constantFrom('post-1', 'post-2'),
    amount: fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
  }),
  fc.record({
    counter: fc.constant('reactions'),
    choice: fc.constantFrom('love', 'wow', undefined),
  }),
);

/** One delivery: it begins some records back, brings some new ones, and may fail on the way. */
const deliveries = fc.record({
  back: fc.nat({ max: 5 }),
  fresh: fc.nat({ max: 6 }),
  fault: fc.constantFrom<Effect | undefined>(undefined, undefined, 'conflict', 'lose reply'),
  /** Which of its requests the fault begins with. */
  after: fc.nat({ max: 3 }),
});

const shardHistories = fc.record({
  changes: fc.array(changes, { maxLength: 20 }),
  deliveries: fc.array(deliveries, { maxLength: 8 }),
});

/** The records of one member's choices and of some tokens, in the order of the stream. */
function recordsOf(list: readonly Change[], member: string): DynamoDBRecord[] {
  let chosen: string | undefined;
  return list.flatMap((change) => {
    if (change.counter === 'views') {
      return inserted(tokenOf({ ...change, windows: [windows.all, windows.day] }));
    }
    const [before, after] = [chosen, change.choice];
    chosen = after;
    if (before === after) return [];
    if (before === undefined) return inserted(choiceOf(member, String(after)));
    if (after === undefined) return removed(choiceOf(member, before));
    return replaced(choiceOf(member, before), choiceOf(member, after));
  });
}

/** What an in-memory counter that knows no shards, windows or streams would say. */
function expectedCounts(lists: readonly (readonly Change[])[]): Map<string, bigint> {
  const totals = new Map<string, bigint>();
  const add = (name: string, amount: number) =>
    totals.set(name, (totals.get(name) ?? 0n) + BigInt(amount));
  for (const list of lists) {
    for (const change of list) {
      if (change.counter !== 'views') continue;
      for (const window of [windows.all, windows.day]) {
        add(`${change.subject}/views ${window}`, change.amount);
      }
    }
    const last = list.findLast(({ counter }) => counter === 'reactions');
    if (last?.counter === 'reactions' && last.choice) add(`post-42/reactions/${last.choice} -`, 1);
  }
  return totals;
}

test('however two stream shards are cut, delivered again and broken off, every cell ends at its exact sum', async () => {
  await fc.assert(
    fc.asyncProperty(shardHistories, shardHistories, async (first, second) => {
      const rig = await createFoldRig();

      async function consume(history: typeof first, shardId: string): Promise<void> {
        const records = recordsOf(history.changes, shardId);
        let done = 0;
        for (const { back, fresh, fault, after } of history.deliveries) {
          const batch = records.slice(Math.max(0, done - back), done + fresh);
          let request = 0;
          const injection =
            fault &&
            rig.proxy.inject({
              effect: fault,
              operation: 'UpdateItem',
              where: ({ ExpressionAttributeNames: names }) =>
                JSON.stringify(names).includes(shardId.slice(-8)) && request++ >= after,
            });
          const ended = await rig.deliver(batch, shardId).then(
            () => true,
            () => false,
          );
          injection?.remove();
          if (ended) done = Math.min(records.length, done + fresh);
        }
        await rig.deliver(records.slice(done), shardId);
      }

      await Promise.all([consume(first, firstShard), consume(second, secondShard)]);
      const counts = await rig.counts();
      const nonZero = (totals: Iterable<[string, bigint]>) =>
        Object.fromEntries([...totals].filter(([, total]) => total !== 0n));
      expect(nonZero(Object.entries(counts))).toEqual(
        nonZero(expectedCounts([first.changes, second.changes])),
      );
    }),
    { numRuns: 20 },
  );
});
