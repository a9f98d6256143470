import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionBundles } from '../../../bench/function-bundles.ts';
import type { FunctionName } from '../../../functions/http/routes.ts';
import { createTallyStack } from './tally-app.ts';

export interface FunctionAssets extends Disposable {
  /** The folder that Lambda would get for a function; `index.mjs` in it exports `handler`. */
  folderOf(name: FunctionName | 'stream'): string;
}

/**
 * Bundles the functions as a deployment would, into a folder of its own, which is removed on dispose.
 * Takes some seconds: call it once in a test file, in `beforeAll`.
 */
export function bundleFunctions(): FunctionAssets {
  const outdir = mkdtempSync(join(tmpdir(), 'tally-assets-'));
  createTallyStack({ outdir }).app.synth();
  const folders = new Map(functionBundles(outdir).map(({ name, folder }) => [name, folder]));
  return {
    folderOf(name) {
      const folder = folders.get(name);
      if (!folder) throw new Error(`no function ${name} among ${[...folders.keys()].join()}`);
      return folder;
    },
    [Symbol.dispose]: () => rmSync(outdir, { recursive: true }),
  };
}
