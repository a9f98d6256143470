/** What the set-up asks of the machine it runs on. Tests put another machine in its place. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/**
 * @typedef {object} Machine
 * @property {NodeJS.Platform} platform
 * @property {string} arch
 * @property {Readonly<Record<string, string | undefined>>} env
 * @property {string} home the user's home folder
 * @property {(command: string, ...args: string[]) => string | undefined} run
 *   What a program says, on both streams; undefined if it does not start or fails.
 * @property {(path: string) => boolean} exists
 * @property {(folder: string) => string[]} list the names in a folder; none if it does not exist
 */

/** @returns {Machine} */
export function thisMachine() {
  return {
    platform: process.platform,
    arch: process.arch,
    env: process.env,
    home: homedir(),
    run(command, ...args) {
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
      return status === 0 ? stdout + stderr : undefined;
    },
    exists: existsSync,
    list: (folder) => (existsSync(folder) ? readdirSync(folder) : []),
  };
}

/**
 * Joins the parts of a path as the machine does.
 * @param {Machine} machine
 * @param {string[]} parts
 */
export function joinPath({ platform }, ...parts) {
  return platform === 'win32' ? win32.join(...parts) : posix.join(...parts);
}

/**
 * Where systems keep what can be made again. It outlives `npm ci`, which empties node_modules, and
 * all clones of the repository share it.
 * @param {Machine} machine
 */
export function cacheFolder(machine) {
  const { platform, env, home } = machine;
  if (platform === 'win32') {
    const ofUser = env.LOCALAPPDATA || joinPath(machine, home, 'AppData', 'Local');
    return joinPath(machine, ofUser, 'tally', 'cache');
  }
  const usual = platform === 'darwin' ? 'Library/Caches' : '.cache';
  return joinPath(machine, env.XDG_CACHE_HOME || joinPath(machine, home, usual), 'tally');
}
