/**
 * `npm run lab -- --shards 100 --changes 20000 --hours 48 --seed 1`: the last line is one of JSON.
 * `npm run lab -- --table`: what one counter needs at 1,000 to 1,000,000 changes a second.
 * `npm run lab -- --bounded`: how many keyed changes a second one bounded count takes.
 * `npm run lab -- --late-retry --changes 1000000`: what a retry costs after so many other changes.
 */
import { followParent } from '../local/follow-parent.ts';
import { measureBoundedRates } from './lab/bounded-rate.ts';
import { parseLabOptions } from './lab/lab-options.ts';
import { measureLateCount, measureLateTicket } from './lab/late-retry.ts';
import { runLab } from './lab/run-lab.ts';
import { scaleTable } from './lab/scale-table.ts';

followParent(() => process.exit(1));

const { lane, ...lab } = parseLabOptions(process.argv.slice(2));
switch (lane) {
  case 'stream':
    console.log(JSON.stringify(await runLab(lab)));
    break;
  case 'table':
    await printTable(scaleTable(lab));
    break;
  case 'bounded':
    await printTable(measureBoundedRates(lab));
    break;
  case 'late-retry':
    await printTable([await measureLateCount(lab), await measureLateTicket(lab)]);
}

async function printTable(rows: AsyncIterable<object> | Iterable<object>): Promise<void> {
  const all: object[] = [];
  for await (const row of rows) all.push(row);
  console.table(all);
  console.log(JSON.stringify(all));
}
