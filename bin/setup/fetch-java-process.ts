/**
 * Fetches a Java runtime (Eclipse Temurin) into the cache. The package njre downloads it and checks its
 * SHA-256. A process of its own, because njre takes its temporary folder from the environment.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { install } from 'njre';
import { followParent } from '../../local/follow-parent.ts';
import { fetchedJavaFolder, findJava, javaFetched, javaMegabytes } from './find-java.mjs';
import { cacheFolder, thisMachine } from './machine.mjs';

const progressEveryMs = 500;
const progressMegabytes = 5;

const machine = thisMachine();
mkdirSync(cacheFolder(machine), { recursive: true });
// Beside its place, so that it can be moved there whole.
const part = mkdtempSync(`${fetchedJavaFolder(machine)}-part-`);
process.on('exit', () => rmSync(part, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}
followParent(() => process.exit(1));
process.env.TMPDIR = part;
process.env.TEMP = part;

let reportedMegabytes = 0;
const timer = setInterval(reportProgress, progressEveryMs);
try {
  moveIntoPlace(await install(javaFetched, { installPath: join(part, 'java') }));
  const { found, lookedAt } = findJava(machine);
  if (!found) throw new Error(`it does not run here: ${lookedAt.at(-1)}`);
  console.error(`Java ${javaFetched} is in ${fetchedJavaFolder(machine)}.`);
} catch (error) {
  console.error(`Java could not be fetched: ${(error as Error).message.replace('[njre] ', '')}`);
  process.exitCode = 1;
}
clearInterval(timer);

/** Another launch may have been faster: its runtime is as good. */
function moveIntoPlace(folder: string): void {
  const place = fetchedJavaFolder(machine);
  try {
    renameSync(folder, place);
  } catch (error) {
    if (!machine.exists(place)) throw error;
  }
}

function reportProgress(): void {
  const megabytes = Math.floor(downloadedBytes() / 1e6);
  if (megabytes < reportedMegabytes + progressMegabytes) return;
  reportedMegabytes = megabytes;
  console.error(`  ${megabytes} MB of about ${javaMegabytes} MB`);
}

/** njre keeps the archive in this folder while it downloads it. */
function downloadedBytes(): number {
  const folder = join(part, 'njre');
  return machine
    .list(folder)
    .reduce(
      (sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
}
