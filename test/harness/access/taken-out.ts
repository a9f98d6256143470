/**
 * Takes the defence that `TALLY_DEFENCE` names out of the modules of this process as they are loaded: for
 * servers that a test starts, which no plugin of the test run reaches.
 */
import { registerHooks } from 'node:module';
import { defences } from './defences.ts';
import { withoutDefence } from './without-defence.ts';

const defence = defences[Number(process.env.TALLY_DEFENCE)];

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!defence || !url.endsWith(`/${defence.file}`) || !loaded.source) return loaded;
    const { source } = loaded;
    const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString();
    return { ...loaded, source: withoutDefence(text, defence) };
  },
});
