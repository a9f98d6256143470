/** `npm run lab -- --shards 100 --changes 20000 --hours 48 --seed 1`; the last line is one of JSON. */
import { parseLabOptions } from './lab/lab-options.ts';
import { runLab } from './lab/run-lab.ts';

const { isTable: _, ...lab } = parseLabOptions(process.argv.slice(2));
console.log(JSON.stringify(await runLab(lab)));
