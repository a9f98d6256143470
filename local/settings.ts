/** The settings of `npm start`, read from the environment. */
import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type EngineAccess, readEngineAccess } from './engine-access.ts';
import { readKeptSecret } from './kept-secret.ts';

export interface LocalSettings {
  /** What to listen on; undefined is loopback. */
  readonly host: string | undefined;
  readonly port: number;
  /** Names under which the server answers, beside those of loopback. */
  readonly hostNames: readonly string[];
  /** A folder, or `memory`. */
  readonly dataFolder: string;
  /** An engine that is already running; if it is set, none is started. */
  readonly endpoint: string | undefined;
  /** The access to an engine of our own. */
  readonly engineAccess: EngineAccess;
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
  const host = environment.HOST || undefined;
  const hostNames = [host ?? '', ...(environment.TALLY_HOSTS ?? '').split(',')]
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const wrongName = hostNames.find((name) => !isHost(name));
  if (wrongName !== undefined) {
    throw new Error(
      `HOST and TALLY_HOSTS must be names or addresses without a port, not "${wrongName}".`,
    );
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
  return {
    host,
    port: Number(port),
    hostNames,
    dataFolder,
    endpoint,
    engineAccess: readEngineAccess(dataFolder),
    adminKey,
    adminKeyMade: given === undefined,
  };
}

const isHttpUrl = (text: string): boolean =>
  ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '');

/** A name of DNS, or an address. */
const isHost = (text: string): boolean => /^[a-z0-9_.-]+$/.test(text) || isIPv6(text);

function keptAdminKey(dataFolder: string): string {
  return readKeptSecret({
    dataFolder,
    fileName: 'admin-key',
    pattern: keyPattern,
    form: `key of the form ${keyForm}`,
    make: () => `tally_local_${randomBytes(24).toString('base64url')}`,
  });
}
