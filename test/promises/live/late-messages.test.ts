import { expect, test } from 'vitest';
import { watchItemKey } from '../../../functions/dynamo/item-keys.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { createFoldRig } from '../../harness/fold/fold-rig.ts';
import { here, inserted, nowMs, tokenOf, windows } from '../../harness/fold/ledger-records.ts';

test('live messages that take too long are dropped, and hold up no fold', async () => {
  const rig = await createFoldRig({ publishTakesMs: limits.publishMs });
  const subjects = Array.from(
    { length: 3 * limits.publishConcurrency },
    (_, index) => `p-${index}`,
  );
  for (const subject of subjects) {
    const watch = watchItemKey({ subject, counter: 'views', region: here });
    await rig.put({ ...watch, l: nowMs + 3_600_000 });
  }
  const tokens = subjects.map((subject) => tokenOf({ subject, windows: [windows.all] }));
  await rig.deliver(tokens.map(inserted));
  const [report] = rig.reports;
  expect(report?.folded).toBe(subjects.length);
  expect(report?.published).toBeGreaterThan(0);
  expect(report?.failures.length).toBe(subjects.length - (report?.published ?? 0));
  expect(String(report?.failures[0])).toContain('dropped');
  expect(Object.values(await rig.counts())).toEqual(subjects.map(() => 1n));
});
