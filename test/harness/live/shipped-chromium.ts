/** The Chromium that the package @sparticuz/chromium carries, for machines without a browser. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isChromiumShipped, shippedChromiumFolder } from '../../../bin/setup/find-chromium.mjs';
import { cacheFolder, thisMachine } from '../../../bin/setup/machine.mjs';
import packageJson from '../../../package.json' with { type: 'json' };

export interface ShippedChromium {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Unpacks it the first time, which takes seconds. @throws where none is shipped for the machine */
export async function unpackShippedChromium(machine = thisMachine()): Promise<ShippedChromium> {
  if (!isChromiumShipped(machine)) throw new Error('There is no browser; `npm test` says more.');
  const version = packageJson.devDependencies['@sparticuz/chromium'];
  const folder = shippedChromiumFolder(machine, version);
  if (!existsSync(folder)) await unpack(cacheFolder(machine), folder);
  const { HOME = cacheFolder(machine), PATH = '' } = process.env;
  return {
    executablePath: join(folder, 'chromium'),
    // It brings its libraries and a font, so that nothing of a desktop has to be installed.
    env: {
      HOME,
      PATH,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  };
}

/** Whole or not at all: an unpacking that was cut short is never taken for a browser. */
async function unpack(cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const part = await mkdtemp(`${folder}-part-`);
  // The package unpacks into the temporary folder, which a process takes from its environment.
  const script = join(import.meta.dirname, 'unpack-chromium-process.ts');
  await promisify(execFile)(process.execPath, [script], { env: { ...process.env, TMPDIR: part } });
  await rename(part, folder).catch(async (error: unknown) => {
    // Another test run may have been faster.
    await rm(part, { recursive: true });
    if (!existsSync(folder)) throw error;
  });
}
