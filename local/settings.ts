/** The settings of `npm start`, read from the environment. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LocalSettings {
  readonly port: number;
  /** A folder, or `memory`. */
  readonly dataFolder: string;
  /** An engine that is already running; if it is set, none is started. */
  readonly endpoint: string | undefined;
  readonly adminKey: string;
  /** Whether the key was made here, so that the user has to be told it. */
  readonly adminKeyMade: boolean;
}

const keyPattern = /^tally_[A-Za-z0-9]+_[A-Za-z0-9_-]{20,}$/;
const keyForm = 'tally_<id>_<secret of 20 or more characters>';

/** @throws Error for people, naming the variable that is wrong */
export function readLocalSettings(
  environment: Readonly<Record<string, string | undefined>>,
): LocalSettings {
  const port = environment.PORT || '8787';
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new Error(`PORT must be a port number, not "${port}".`);
  }
  const dataFolder = environment.TALLY_DATA || '.tally';
  const endpoint = environment.AWS_ENDPOINT_URL_DYNAMODB || undefined;
  if (endpoint !== undefined && !isHttpUrl(endpoint)) {
    throw new Error(
      `AWS_ENDPOINT_URL_DYNAMODB must be a URL such as http://localhost:8000, not "${endpoint}".`,
    );
  }
  const given = environment.TALLY_ADMIN_KEY || undefined;
  if (given !== undefined && !keyPattern.test(given)) {
    throw new Error(`TALLY_ADMIN_KEY must look like ${keyForm}.`);
  }
  const adminKey = given ?? keptAdminKey(dataFolder);
  return { port: Number(port), dataFolder, endpoint, adminKey, adminKeyMade: given === undefined };
}

const isHttpUrl = (text: string): boolean =>
  ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '');

/** The first start makes the key; it is kept beside the data for the next starts. */
function keptAdminKey(dataFolder: string): string {
  const made = `tally_local_${randomBytes(24).toString('base64url')}`;
  if (dataFolder === 'memory') return made;
  mkdirSync(dataFolder, { recursive: true });
  const file = join(dataFolder, 'admin-key');
  if (!existsSync(file)) {
    // Written under another name first, so that it is there whole or not at all.
    writeFileSync(`${file}.new`, `${made}\n`, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }
  const kept = readFileSync(file, 'utf8').trim();
  if (keyPattern.test(kept)) return kept;
  throw new Error(
    `The file ${file} holds no key of the form ${keyForm}. Delete it, and the next start makes one.`,
  );
}
