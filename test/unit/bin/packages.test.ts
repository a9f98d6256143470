import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packagesMatchLockfile } from '../../../bin/setup/packages.mjs';

let root: string;
const wanted = {
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/b': { version: '2.0.0', integrity: 'sha512-b', optional: true },
  'node_modules/c': { version: '3.0.0', optional: true },
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tally-packages-'));
  mkdirSync(join(root, 'node_modules'));
  writeLockfile('package-lock.json', { '': {}, ...wanted });
});

afterEach(() => rmSync(root, { recursive: true }));

function writeLockfile(file: string, packages: object): void {
  writeFileSync(join(root, file), JSON.stringify({ packages }));
}

const install = (packages: object) => writeLockfile('node_modules/.package-lock.json', packages);

test('packages match when each is there in its version, but for optional ones', () => {
  install(wanted);
  expect(packagesMatchLockfile(root)).toBe(true);
  install({ 'node_modules/a': wanted['node_modules/a'] });
  expect(packagesMatchLockfile(root)).toBe(true);
});

test('an installation that was interrupted does not match', () => {
  expect(packagesMatchLockfile(root)).toBe(false);
});

test.each([
  ['is missing', { 'node_modules/a': undefined }],
  ['has another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }],
  ['has another content', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } }],
  ['is optional and has another version', { 'node_modules/c': { version: '3.0.1' } }],
  ['is there and not wanted', { 'node_modules/d': { version: '4.0.0' } }],
])('packages do not match when one %s', (_, change) => {
  install({ ...wanted, ...change });
  expect(packagesMatchLockfile(root)).toBe(false);
});
