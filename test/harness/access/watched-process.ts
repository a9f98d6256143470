/**
 * Loaded before a server, to tell what it remembers: answers every message with the bytes that its heap
 * holds once everything that can be collected is.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('message', () => {
  collect();
  process.send?.({ heapBytes: process.memoryUsage().heapUsed });
});
