/**
 * Loaded before a server, to tell how much it remembers: answers every message with the size of its heap
 * after a garbage collection, in bytes.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('message', () => {
  collect();
  process.send?.({ heapBytes: process.memoryUsage().heapUsed });
});
