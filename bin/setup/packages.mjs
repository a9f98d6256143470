import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Package
 * @property {string} version
 * @property {string} [integrity]
 * @property {boolean} [optional]
 */

/**
 * npm writes what it installed to a second lockfile as its last step, so an interrupted installation
 * has none. Optional packages are for other platforms when they are missing, and some of those have no
 * integrity in our lockfile.
 * @param {string} root the folder of package-lock.json
 */
export function packagesMatchLockfile(root) {
  const installedLockfile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLockfile)) return false;
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(installedLockfile);
  return (
    Object.entries(wanted).every(([path, it]) => isInstalled(it, installed[path])) &&
    Object.keys(installed).every((path) => path in wanted)
  );
}

/**
 * @param {Package} wanted
 * @param {Package | undefined} found
 */
function isInstalled({ version, integrity, optional }, found) {
  if (!found) return optional === true;
  return found.version === version && (!integrity || found.integrity === integrity);
}

/**
 * @param {string} lockfile
 * @returns {Record<string, Package>}
 */
function packagesIn(lockfile) {
  const { '': _root, ...packages } = JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  return packages;
}
