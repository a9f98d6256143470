/** The machine's browser, else the shipped one, driven by Playwright, and what an open page complains of. */
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type LaunchOptions,
  type Page,
} from 'playwright-core';
import { findChromium } from '../../../bin/setup/find-chromium.mjs';
import { thisMachine } from '../../../bin/setup/machine.mjs';
import { unpackShippedChromium } from './shipped-chromium.ts';

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** For what hangs, not for what is slow. */
const timeout = 120_000;

export async function startBrowser(): Promise<Browser> {
  const { path } = findChromium(thisMachine());
  return launchBrowser(
    path === undefined ? await unpackShippedChromium() : { executablePath: path },
  );
}

export const launchBrowser = (program: Pick<LaunchOptions, 'executablePath' | 'env'>) =>
  chromium.launch({ ...program, args, timeout });

export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings on the console, exceptions nobody caught, and answers that are errors. */
  readonly complaints: readonly string[];
}

export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  return { page, complaints };
}
