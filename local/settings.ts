/** How `npm start` is set up, read from the environment. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LocalSettings {
  readonly port: number;
  /** A folder, or `memory`. */
  readonly dataFolder: string;
  /** An engine that is already running; none is started then. */
  readonly endpoint: string | undefined;
  readonly adminKey: string;
  /** Whether the key was made here, so that nobody else knows it yet. */
  readonly adminKeyMade: boolean;
}

const keyPattern = /^tally_[A-Za-z0-9]+_[A-Za-z0-9_-]{20,}$/;

/** @throws Error for people, naming the variable that is wrong */
export function readLocalSettings(
  environment: Readonly<Record<string, string | undefined>>,
): LocalSettings {
  const port = Number(environment.PORT ?? 8787);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT must be a port number, not "${environment.PORT}".`);
  }
  const dataFolder = environment.TALLY_DATA || '.tally';
  const endpoint = environment.AWS_ENDPOINT_URL_DYNAMODB || undefined;
  const given = environment.TALLY_ADMIN_KEY || undefined;
  if (given !== undefined && !keyPattern.test(given)) {
    throw new Error('TALLY_ADMIN_KEY must look like tally_<id>_<secret of 20 or more characters>.');
  }
  const adminKey = given ?? keptAdminKey(dataFolder);
  return { port, dataFolder, endpoint, adminKey, adminKeyMade: given === undefined };
}

/** The key made at the first start, kept beside the data for the next ones. */
function keptAdminKey(dataFolder: string): string {
  const made = `tally_local_${randomBytes(24).toString('base64url')}`;
  if (dataFolder === 'memory') return made;
  mkdirSync(dataFolder, { recursive: true });
  const file = join(dataFolder, 'admin-key');
  try {
    writeFileSync(file, `${made}\n`, { flag: 'wx', mode: 0o600 });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFileSync(file, 'utf8').trim();
  }
}
