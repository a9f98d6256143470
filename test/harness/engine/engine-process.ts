/**
 * A process with an engine, for tests that end it in every way. Its argument is the data folder. It prints
 * the endpoint. On SIGINT it calls its engine once more, like a server that finishes its last request,
 * prints the status and stops.
 */
import { once } from 'node:events';
import { startTestEngine } from './test-engine.ts';

const engine = await startTestEngine({ dataFolder: process.argv[2] ?? 'memory' });
const interrupted = once(process, 'SIGINT');
console.log(engine.endpoint);

await interrupted;
const { status } = await fetch(engine.endpoint);
console.log(status);
await engine.stop();
