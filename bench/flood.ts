/**
 * `npm run flood -- --requests 1000000 --addresses 100 --protect`: what of a flood of anonymous requests
 * gets through, and what it costs. The last line is one of JSON.
 */
import { followParent } from '../local/follow-parent.ts';
import { parseFloodOptions } from './flood/flood-options.ts';
import { runFlood } from './flood/run-flood.ts';

followParent(() => process.exit(1));

const rows = await runFlood(parseFloodOptions(process.argv.slice(2)));
console.table(rows);
console.log(JSON.stringify(rows));
