/**
 * Loaded before a server, which is patient then, and tells what it remembers: it answers every message
 * with the bytes that its heap holds once everything that can be collected is.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import '../patience.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('message', () => {
  collect();
  process.send?.({ heapBytes: process.memoryUsage().heapUsed });
});
