/** What the counters show at the end: in their cells, and to a reader. */
import { createCounters } from '../../functions/counters/counters.ts';
import { fromWire } from '../../functions/dynamo/dynamo-clients.ts';
import { parseCell } from '../../functions/dynamo/items.ts';
import type { MemoryTable } from '../../local/memory-table/memory-table.ts';
import type { Counts, ExpectedCounts } from './expected-counts.ts';
import { createInstance, type FaultlessOptions, faultless } from './lab-instance.ts';
import { namedCounter } from './workload.ts';

const hourMs = 3_600_000;

/** @returns what is wrong; nothing if the counters are exact */
export async function findDifferences(
  parts: FaultlessOptions,
  expected: ExpectedCounts,
): Promise<string[]> {
  return [
    ...expected.differences(countsOf(parts.table)),
    ...(await differencesOfReads(parts, expected)),
  ];
}

/** What all cells hold, each window summed over its shards. */
function countsOf(table: MemoryTable): Counts {
  const counts = new Map<string, Map<string, bigint>>();
  for (const item of table.items()) {
    const [prefix, subject = ''] = (item.pk?.S ?? '').split('#');
    if (prefix !== 'c') continue;
    const window = item.sk?.S ?? '';
    const windows = counts.get(subject) ?? new Map<string, bigint>();
    const { count } = parseCell(fromWire({ ...item }));
    if (count !== 0n) windows.set(window, (windows.get(window) ?? 0n) + count);
    counts.set(subject, windows);
  }
  return counts;
}

async function differencesOfReads(
  parts: FaultlessOptions,
  expected: ExpectedCounts,
): Promise<string[]> {
  const { config, time } = parts;
  const { counts } = createCounters(createInstance({ ...parts, ...faultless }).context);
  const wrong: string[] = [];
  async function readAll(): Promise<void> {
    // By then nothing is throttled any more.
    await time.pause(hourMs);
    for (const subject of expected.subjects) {
      const counter = namedCounter(config, subject);
      if (!counter.definition.windows.includes('all')) continue;
      const shown = await counts.read(counter, { window: 'all', consistent: true });
      const total = expected.total(subject);
      if (!shown.ok || BigInt(shown.count) !== total) {
        wrong.push(`${subject} as it is read: ${JSON.stringify(shown)} instead of ${total}`);
      }
    }
  }
  await time.run(readAll());
  return wrong;
}
