/**
 * `npm run lab -- --shards 100 --changes 20000 --hours 48 --seed 1`: the last line is one of JSON.
 * `npm run lab -- --table`: what one counter needs at 1,000 to 1,000,000 changes a second.
 */
import { followParent } from '../local/follow-parent.ts';
import { parseLabOptions } from './lab/lab-options.ts';
import { runLab } from './lab/run-lab.ts';
import { type ScaleRow, scaleTable } from './lab/scale-table.ts';

followParent(() => process.exit(1));

const { isTable, ...lab } = parseLabOptions(process.argv.slice(2));
if (isTable) {
  const rows: ScaleRow[] = [];
  for await (const row of scaleTable(lab)) rows.push(row);
  console.table(rows);
  console.log(JSON.stringify(rows));
} else {
  console.log(JSON.stringify(await runLab(lab)));
}
