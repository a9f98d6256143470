/** `npm start` and `npm test` where Java or a browser is missing: what they say and what they do about it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cacheFolder, thisMachine } from '../../../bin/setup/machine.mjs';
import {
  type Download,
  type JavaDownloads,
  startJavaDownloads,
} from '../../harness/processes/java-downloads.ts';

const deadline = { timeout: 120_000, interval: 50 };
const root = join(import.meta.dirname, '../../..');
const redirect = pathToFileURL(join(root, 'test/harness/processes/redirect-downloads.ts')).href;
const report = `Missing on this machine:

  Java
    DynamoDB Local needs Java 17 or newer.
    looked at JAVA_HOME: not set
    looked at the PATH: no Java that runs
`;

/** The home folder of a user who has nothing yet. */
let home: string;
let downloads: JavaDownloads | undefined;
const children: ChildProcess[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tally-fresh-'));
  mkdirSync(join(home, 'bin'));
  // All that the engine's guard runs; there is neither Java nor npm.
  for (const command of ['sh', 'sleep']) {
    const path = execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
    symlinkSync(path, join(home, 'bin', command));
  }
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  downloads?.stop();
  downloads = undefined;
  rmSync(home, { recursive: true });
});

const machine = () => ({ ...thisMachine(), home, env: {} });
/** What the set-up has brought onto the machine. */
const cached = () => thisMachine().list(cacheFolder(machine()));

interface Launch {
  readonly process: ChildProcess;
  readonly closed: Promise<unknown[]>;
  stdout: string;
  stderr: string;
}

function launch(args: readonly string[], environment: Record<string, string> = {}): Launch {
  const child = spawn(process.execPath, ['bin/launch.mjs', ...args], {
    cwd: root,
    env: {
      HOME: home,
      PATH: join(home, 'bin'),
      PORT: '0',
      TALLY_DATA: 'memory',
      NODE_OPTIONS: `--import=${redirect}`,
      ...(downloads ? { TALLY_TEST_DOWNLOADS: downloads.url } : {}),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const started: Launch = { process: child, closed: once(child, 'close'), stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    started.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    started.stderr += text;
  });
  return started;
}

const start = () => launch(['bin/local.ts']);

async function expectHealthy(server: Launch): Promise<void> {
  const url = await vi.waitFor(() => {
    const found = /Tally listens on (http:\/\/localhost:\d+)/.exec(server.stdout)?.[1];
    expect(found, server.stderr).toBeDefined();
    return found;
  }, deadline);
  expect((await fetch(`${url}/v1/health`)).status).toBe(200);
  server.process.kill('SIGTERM');
  expect(await server.closed).toEqual([0, null]);
}

async function expectDownloading(launched: Launch): Promise<void> {
  await vi.waitFor(() => expect(launched.stderr).toMatch(/ \d+ MB of about 50 MB\n/), deadline);
}

test('a start without Java fetches one, tells how far it is, and keeps it', async () => {
  downloads = await startJavaDownloads('in two halves');
  const first = start();
  await expectDownloading(first);
  expect(first.stderr.startsWith(report)).toBe(true);
  downloads.sendRest();
  await expectHealthy(first);
  expect(cached()).toEqual(['java-21']);

  const second = start();
  await expectHealthy(second);
  expect(second.stderr).toBe('');
  expect(downloads.archives).toBe(1);
});

test.each<[Download, string]>([
  ['refused', 'Unexpected HTTP 403 from https://api.adoptium.net/'],
  ['damaged', "File and checksum don't match"],
])('where the download is %s, it says so and how to get Java', async (download, reason) => {
  downloads = await startJavaDownloads(download);
  const server = start();
  expect(await server.closed).toEqual([1, null]);
  expect(server.stderr.startsWith(report)).toBe(true);
  expect(server.stderr).toContain(`Java could not be fetched: ${reason}`);
  expect(server.stderr).toContain('sudo apt-get install openjdk-17-jre-headless');
  expect(cached()).toEqual([]);
});

test('a fetch that is cut short leaves nothing', async () => {
  downloads = await startJavaDownloads('in two halves');
  const server = start();
  await expectDownloading(server);
  server.process.kill('SIGTERM');
  expect(await server.closed).toEqual([null, 'SIGTERM']);
  expect(cached()).toEqual([]);
});

test('a fetch ends and leaves nothing when its launcher is killed', async () => {
  downloads = await startJavaDownloads('in two halves');
  const server = start();
  await expectDownloading(server);
  server.process.kill('SIGKILL');
  await vi.waitFor(() => expect(cached()).toEqual([]), deadline);
});

test('unit tests alone need neither Java nor a browser', async () => {
  const run = launch(['test/harness/run.ts', 'test/unit/rules/backoff.test.ts']);
  expect(await run.closed).toEqual([0, null]);
  expect(run.stderr).toBe('');
  expect(run.stdout.trimEnd().split('\n').at(-1)).toMatch(/^[1-9]\d* passed, 0 failed$/);
});

test('tests do not begin without the browser that CHROMIUM names', async () => {
  const run = launch(['test/harness/run.ts'], { CHROMIUM: '/gone' });
  expect(await run.closed).toEqual([1, null]);
  expect(run.stderr).toContain('looked at CHROMIUM (/gone): no browser that runs');
  expect(run.stderr).toContain('Chromium must be there first.');
  expect(cached()).toEqual([]);
});
