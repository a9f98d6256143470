import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isChromiumShipped } from '../../../bin/setup/find-chromium.mjs';
import { type Machine, thisMachine } from '../../../bin/setup/machine.mjs';
import { launchBrowser } from '../../harness/live/browser.ts';
import { unpackShippedChromium } from '../../harness/live/shipped-chromium.ts';

let cache: string;
let machine: Machine;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'tally-shipped-'));
  machine = { ...thisMachine(), env: { XDG_CACHE_HOME: cache } };
});

afterEach(() => rmSync(cache, { recursive: true }));

test('the shipped browser draws a page, also when two runs unpack it at the same time', async () => {
  if (!isChromiumShipped(machine)) {
    await expect(unpackShippedChromium(machine)).rejects.toThrow('There is no browser');
    return;
  }
  const [program] = await Promise.all([
    unpackShippedChromium(machine),
    unpackShippedChromium(machine),
  ]);
  expect(readdirSync(join(cache, 'tally'))).toHaveLength(1);
  const browser = await launchBrowser(program);
  const page = await browser.newPage();
  await page.setContent('<b style="font-size: 40px">Tally</b>');
  expect(await page.evaluate('document.querySelector("b").offsetWidth')).toBeGreaterThan(40);
  await browser.close();
});
