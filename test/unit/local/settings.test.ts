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

test('it listens on loopback, unless HOST says otherwise, under the names that it is given', () => {
  expect(read()).toMatchObject({ host: undefined, hostNames: [] });
  expect(read({ HOST: '' }).host).toBeUndefined();
  expect(read({ HOST: '0.0.0.0', TALLY_HOSTS: 'Tally.test, laptop' })).toMatchObject({
    host: '0.0.0.0',
    hostNames: ['0.0.0.0', 'tally.test', 'laptop'],
  });
});

test('the access to the engine cannot be guessed, and stays with the data', () => {
  const { credentials } = read().engineAccess;
  expect(credentials.accessKeyId).toMatch(/^[0-9a-f]{32}$/);
  expect(credentials.secretAccessKey).toMatch(/^[0-9a-f]{64}$/);
  expect(read().engineAccess.credentials).toEqual(credentials);
  expect(statSync(join(dataFolder, 'engine-key')).mode & 0o777).toBe(0o600);
  const inMemory = () => readLocalSettings({ TALLY_DATA: 'memory' }).engineAccess.credentials;
  expect(inMemory()).not.toEqual(inMemory());
});

test.each([
  ['HOST', 'localhost:8787'],
  ['HOST', 'http://localhost'],
  ['TALLY_HOSTS', 'a b'],
])('%s=%j is refused, because a name has no port', (name, value) => {
  expect(() => read({ [name]: value })).toThrow(/^HOST and TALLY_HOSTS must be names/);
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
  expect(readdirSync(dataFolder).toSorted()).toEqual(['admin-key', 'engine-key']);
});

test.each([[''], ['x'], ['tally_local_short']])('a kept key %j is refused', (text) => {
  writeFileSync(keyFile, text);
  expect(() => read()).toThrow(`The file ${keyFile} holds no key of the form tally_<id>_`);
});
