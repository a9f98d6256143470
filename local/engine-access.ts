import { randomBytes } from 'node:crypto';
import { readKeptSecret } from './kept-secret.ts';

/** Region and credentials of a DynamoDB Local. */
export interface EngineAccess {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A part of the cells' item keys and of the name of the engine's database, so it never changes. */
const region = 'local';

/**
 * The access to the data of a folder. DynamoDB Local checks no signature, but each access key id has a
 * database of its own. So the id is random: other programs, and pages that reach the engine by DNS
 * rebinding, find an empty database. The secret signs what the stream function publishes.
 *
 * @throws Error for people, if the kept file is broken
 */
export function readEngineAccess(dataFolder: string): EngineAccess {
  const kept = readKeptSecret({
    dataFolder,
    fileName: 'engine-key',
    pattern: /^[0-9a-f]{32} [0-9a-f]{64}$/,
    form: 'access key id and secret of the engine',
    make: () => `${randomBytes(16).toString('hex')} ${randomBytes(32).toString('hex')}`,
  });
  const [accessKeyId = '', secretAccessKey = ''] = kept.split(' ');
  return { region, credentials: { accessKeyId, secretAccessKey } };
}
