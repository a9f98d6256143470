/** `npm run dev`: the server follows the sources, the data stays, and nothing is left at the end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runningProcesses } from '../../harness/processes/running-processes.ts';

const deadline = { timeout: 120_000, interval: 50 };
const root = join(import.meta.dirname, '../../..');
const script = join(root, 'bin/dev.ts');
const listening = /Tally listens on (http:\/\/localhost:\d+) .* data: http:\/\/127\.0\.0\.1:(\d+)/;

let dev: ChildProcess;
/** What it printed, line by line. */
let lines: AsyncIterator<string>;

beforeEach(() => {
  const { AWS_ENDPOINT_URL_DYNAMODB: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [script], {
    env: { ...inherited, PORT: '0', TALLY_DATA: 'memory' },
    // A group of its own, which a test can signal as a terminal does.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  dev = child;
  lines = createInterface(child.stdout)[Symbol.asyncIterator]();
});

afterEach(() => dev.kill('SIGKILL'));

interface Server {
  readonly url: string;
  readonly enginePort: string;
}

async function nextServer(): Promise<Server> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error('it ended');
    const [, url, enginePort] = listening.exec(value) ?? [];
    if (url !== undefined && enginePort !== undefined) return { url, enginePort };
  }
}

async function increment({ url }: Server): Promise<number> {
  const body = '{"action":"increment"}';
  const answer = await fetch(`${url}/v1/post-42/counter`, { method: 'PUT', body });
  return ((await answer.json()) as { count: number }).count;
}

function touchSource(): void {
  const now = new Date();
  utimesSync(join(root, 'tally.config.ts'), now, now);
}

const engineOf = ({ enginePort }: Server) => runningProcesses(`-port ${enginePort} `);

test('a change of a source starts the server again; data and engine stay', async () => {
  const first = await nextServer();
  expect(await increment(first)).toBe(1);
  touchSource();
  const second = await nextServer();
  expect(second.enginePort).toBe(first.enginePort);
  await expect(fetch(first.url)).rejects.toThrow('fetch failed');
  expect(await increment(second)).toBe(2);

  const exited = once(dev, 'exit');
  process.kill(-Number(dev.pid), 'SIGINT');
  expect(await exited).toEqual([0, null]);
  await expect(fetch(second.url)).rejects.toThrow('fetch failed');
  await vi.waitFor(() => expect(engineOf(second)).toEqual([]), deadline);
});

test('nothing is left when it is killed', async () => {
  const server = await nextServer();
  dev.kill('SIGKILL');
  await vi.waitFor(() => expect(engineOf(server)).toEqual([]), deadline);
  await vi.waitFor(() => expect(fetch(server.url)).rejects.toThrow('fetch failed'), deadline);
});
