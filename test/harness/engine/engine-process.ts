/**
 * A process with an engine, for tests that end it in every way. Arguments: the data folder. It prints the
 * endpoint; on SIGINT it asks its engine once more, as a server finishing its last request would, prints
 * the status and stops.
 */
import { once } from 'node:events';
import { startEngine } from '../../../local/engine.ts';

const engine = await startEngine({ dataFolder: process.argv[2] ?? 'memory' });
const interrupted = once(process, 'SIGINT');
console.log(engine.endpoint);

await interrupted;
const { status } = await fetch(engine.endpoint);
console.log(status);
await engine.stop();
