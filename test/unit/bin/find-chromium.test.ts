import { expect, test } from 'vitest';
import { findChromium } from '../../../bin/setup/find-chromium.mjs';
import { otherMachine } from '../../harness/processes/other-machine.ts';

const says = 'Chromium 153.0.8010.0';

test('CHROMIUM is taken, and no other is looked for', () => {
  const programs = { '/usr/bin/chromium': says, '/opt/mine': 'Google Chrome 150.1.2.3 unknown' };
  const env = { PATH: '/usr/bin', CHROMIUM: '/opt/mine' };
  expect(findChromium(otherMachine({ env, programs }))).toMatchObject({ path: '/opt/mine' });

  const wrong = { PATH: '/usr/bin', CHROMIUM: '/opt/gone' };
  expect(findChromium(otherMachine({ env: wrong, programs }))).toEqual({
    path: undefined,
    isGiven: true,
    lookedAt: ['CHROMIUM (/opt/gone): no browser that runs'],
  });
});

test('a program that is called like a browser and does not run is passed over', () => {
  const machine = otherMachine({
    env: { PATH: '/usr/bin:/snap/bin' },
    programs: {
      '/usr/bin/chromium-browser': 'Command requires the chromium snap to be installed.',
      '/snap/bin/chromium': says,
    },
  });
  expect(findChromium(machine).path).toBe('/snap/bin/chromium');
});

const windows = { PROGRAMFILES: 'C:\\Programs', 'PROGRAMFILES(X86)': 'C:\\Programs (x86)' };

test.each([
  ['linux', '/usr/bin/google-chrome-stable'],
  ['linux', '/usr/local/bin/chromium'],
  ['linux', '/usr/bin/microsoft-edge-stable'],
  ['linux', '/opt/google/chrome/chrome'],
  ['linux', '/opt/microsoft/msedge/msedge'],
  ['darwin', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  ['darwin', '/home/ana/Applications/Chromium.app/Contents/MacOS/Chromium'],
  ['darwin', '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge'],
  ['win32', 'C:\\Programs\\Google\\Chrome\\Application\\chrome.exe'],
  ['win32', 'C:\\Programs (x86)\\Microsoft\\Edge\\Application\\msedge.exe'],
] as const)('on %s %s is found', (platform, path) => {
  const env = { ...windows, PATH: '/usr/local/bin:/usr/bin' };
  const machine = otherMachine({ platform, env, programs: { [path]: says } });
  expect(findChromium(machine)).toMatchObject({ path, isGiven: false });
});

test('where there is none, it tells the places it looked at', () => {
  const { path, lookedAt } = findChromium(otherMachine({ platform: 'darwin' }));
  expect(path).toBeUndefined();
  expect(lookedAt[0]).toBe('CHROMIUM: not set');
  expect(lookedAt[1]).toContain('/Applications/Google Chrome.app');
});
