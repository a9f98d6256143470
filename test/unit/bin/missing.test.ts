import { expect, test } from 'vitest';
import {
  missingChromium,
  missingJava,
  missingPackages,
  missingReport,
} from '../../../bin/setup/missing.mjs';
import { otherMachine } from '../../harness/processes/other-machine.ts';

const needs = { java: true, chromium: true };
const version = '153.0.0';

test('nothing that is not needed is missing', () => {
  const none = { java: false, chromium: false };
  expect(missingJava(otherMachine(), none)).toBeUndefined();
  expect(missingChromium(otherMachine(), none, version)).toBeUndefined();
});

test('Java is missing where there is none', () => {
  expect(missingJava(otherMachine(), needs)).toMatchObject({ what: 'Java', isUpToUser: false });
  const machine = otherMachine({ programs: { java: 'openjdk version "17.0.15"' } });
  expect(missingJava(machine, needs)).toBeUndefined();
});

test.each([
  ['on Linux and x64', otherMachine(), false],
  ['on another processor', otherMachine({ arch: 'arm64' }), true],
  ['on macOS', otherMachine({ platform: 'darwin' }), true],
  ['where CHROMIUM names one', otherMachine({ env: { CHROMIUM: '/gone' } }), true],
])('%s, is the missing browser up to the user?', (_, machine, isUpToUser) => {
  expect(missingChromium(machine, needs, version)).toMatchObject({ isUpToUser });
});

test('a browser that was unpacked earlier is not missing, in that version', () => {
  const folders = { '/home/ana/.cache/tally/chromium-153.0.0': ['chromium'] };
  const machine = otherMachine({ folders });
  expect(missingChromium(machine, needs, version)).toBeUndefined();
  expect(missingChromium(machine, needs, '154.0.0')).toBeDefined();
});

test('the report says what is missing, where it was looked for, and what is done', () => {
  const machine = otherMachine({ arch: 'arm64' });
  const missing = [
    missingPackages(),
    missingJava(machine, needs),
    missingChromium(machine, needs, version),
  ].filter((it) => it !== undefined);
  expect(missingReport(missing)).toBe(`Missing on this machine:

  npm's packages
    node_modules does not hold what package-lock.json names.
    → \`npm ci\` installs them, which takes about a minute the first time.

  Java
    DynamoDB Local needs Java 17 or newer.
    looked at JAVA_HOME: not set
    looked at the PATH: no Java that runs
    looked at /home/ana/.cache/tally/java-21: nothing
    → Java 21 (Eclipse Temurin, about 50 MB) is fetched into /home/ana/.cache/tally/java-21.

  Chromium
    The tests of pages drive a browser.
    looked at CHROMIUM: not set
    looked at the PATH: no google-chrome-stable, google-chrome, chromium, chromium-browser, microsoft-edge-stable, microsoft-edge that runs
    looked at /opt/google/chrome/chrome, /snap/bin/chromium, /opt/microsoft/msedge/msedge: no browser that runs
    → Install Chrome, Chromium or Edge, or let CHROMIUM name the program of one. The tests under test/unit
      (\`npm run test:unit\`) and all files named to \`npm test\` but *-in-browser.test.ts do without it.`);
});
