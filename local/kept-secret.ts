/** Secrets of a data folder: made by the first start, and kept beside the data for the next ones. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KeptSecret {
  /** The word `memory` keeps nothing: each start makes another secret. */
  readonly dataFolder: string;
  readonly fileName: string;
  readonly pattern: RegExp;
  /** The form of the secret, for people. */
  readonly form: string;
  readonly make: () => string;
}

/** @throws Error for people, naming the file, if what it holds has another form */
export function readKeptSecret({ dataFolder, fileName, pattern, form, make }: KeptSecret): string {
  if (dataFolder === 'memory') return make();
  // For its owner alone: other users of the machine could read the data in it.
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const file = join(dataFolder, fileName);
  if (!existsSync(file)) {
    // Written under another name first, so that it is there whole or not at all.
    writeFileSync(`${file}.new`, `${make()}\n`, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }
  const kept = readFileSync(file, 'utf8').trim();
  if (pattern.test(kept)) return kept;
  throw new Error(`The file ${file} holds no ${form}. Delete it, and the next start makes one.`);
}
