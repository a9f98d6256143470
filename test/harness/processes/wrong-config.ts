/** Loaded before a program (`--import`): tally.config.ts has several mistakes for it. */
import { registerHooks } from 'node:module';

const source = `
import { defineCounters } from './functions/counters/define-counters.ts';
export const tally = defineCounters(
  { likes: { kind: 'count', colour: 'red', size: 3, access: { read: 'public', write: 'public' } } },
  { timezone: 'UTC' },
);`;

registerHooks({
  load: (url, context, nextLoad) =>
    url.endsWith('/tally.config.ts')
      ? { format: 'module', source, shortCircuit: true }
      : nextLoad(url, context),
});
