import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLocalSettings } from '../../../local/settings.ts';

let dataFolder: string;
let keyFile: string;

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'tally-settings-'));
  keyFile = join(dataFolder, 'admin-key');
});

afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

const read = (environment: Record<string, string> = {}) =>
  readLocalSettings({ TALLY_DATA: dataFolder, ...environment });

test('an empty variable is one that is not set', () => {
  const environment = { PORT: '', TALLY_ADMIN_KEY: '', AWS_ENDPOINT_URL_DYNAMODB: '' };
  expect(read(environment)).toEqual(read());
  expect(read()).toMatchObject({ port: 8787, endpoint: undefined, adminKeyMade: true });
});

test.each([
  ['PORT', 'http'],
  ['PORT', ' '],
  ['PORT', '-1'],
  ['PORT', '65536'],
  ['AWS_ENDPOINT_URL_DYNAMODB', 'notaurl'],
  ['AWS_ENDPOINT_URL_DYNAMODB', 'localhost:8000'],
  ['TALLY_ADMIN_KEY', 'x'],
])('%s=%j is refused by its name', (name, value) => {
  expect(() => read({ [name]: value })).toThrow(new RegExp(`^${name} must `));
});

test('the key is made once, for its owner alone', () => {
  const { adminKey } = read();
  expect(adminKey).toMatch(/^tally_local_[A-Za-z0-9_-]{32}$/);
  expect(read().adminKey).toBe(adminKey);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
});

test('a start that was killed while it kept the key leaves nothing that the next one trips over', () => {
  writeFileSync(`${keyFile}.new`, 'tally_lo');
  const { adminKey } = read();
  expect(readFileSync(keyFile, 'utf8')).toBe(`${adminKey}\n`);
  expect(readdirSync(dataFolder)).toEqual(['admin-key']);
});

test.each([[''], ['x'], ['tally_local_short']])('a kept key %j is refused', (text) => {
  writeFileSync(keyFile, text);
  expect(() => read()).toThrow(`The file ${keyFile} holds no key of the form tally_<id>_`);
});
