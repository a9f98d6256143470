/**
 * The promise, end to end: a hundred changes, each sent three times and all at once, to a server that
 * is killed again and again while it answers, are a hundred.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runningProcesses } from '../../harness/processes/running-processes.ts';
import { startTallyServer, type TallyServer } from '../../harness/processes/tally-server.ts';

const deadline = { timeout: 120_000, interval: 50 };
const patience = { timeout: 600_000 };
const attemptsMax = 200;

let dataFolder: string;
/** The server that is up, or the one that is about to be. */
let server: Promise<TallyServer>;

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'tally-kill-'));
  server = startTallyServer({ dataFolder });
});

afterEach(async () => {
  await (await server).end('SIGKILL');
  await vi.waitFor(() => expect(runningProcesses(dataFolder)).toEqual([]), deadline);
  rmSync(dataFolder, { recursive: true, force: true });
});

/** Kills the server and starts another one on what it left behind. */
function restart(): void {
  server = server.then(async (old) => {
    await old.end('SIGKILL');
    return startTallyServer({ dataFolder });
  });
}

/** One that is written at once, and one through the ledger alone. */
const counters = ['counter', 'views'];

const post = (counter: string) => `/v1/post-42/${counter}`;

/** Sends a change with its token until it is answered, as a client does. */
async function increment(counter: string, token: string): Promise<number> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const { url } = await server;
    const answer = await fetch(`${url}${post(counter)}`, {
      method: 'PUT',
      headers: { 'Idempotency-Key': token },
      body: '{"action":"increment"}',
    }).catch(() => undefined);
    if (answer?.status === 200) return attempt;
    if (answer && answer.status !== 503) throw new Error(`${answer.status} ${await answer.text()}`);
  }
  throw new Error(`${token} was not answered`);
}

async function readCount(counter: string): Promise<number> {
  const { url } = await server;
  const answer = await fetch(`${url}${post(counter)}?consistent=true`);
  return ((await answer.json()) as { count: number }).count;
}

/**
 * The count when nothing is pending any more. Changes are folded in the order they were accepted, so
 * once one more is in the count, whatever came before is.
 */
async function expectSettled(counter: string, expected: number): Promise<void> {
  await vi.waitFor(async () => expect(await readCount(counter)).toBe(expected), deadline);
  await increment(counter, 'one-more');
  await vi.waitFor(async () => expect(await readCount(counter)).toBe(expected + 1), deadline);
}

/** @param answered called after each answer, with how many there were */
function sendHundredThrice(
  counter: string,
  answered: (count: number) => void = () => {},
): Promise<number[]> {
  let count = 0;
  const tokens = Array.from({ length: 300 }, (_, index) => `token-${index % 100}`);
  return Promise.all(
    tokens.map(async (token) => {
      const attempts = await increment(counter, token);
      answered(++count);
      return attempts;
    }),
  );
}

test('100 tokens, each three times and all at once, make exactly 100', patience, async () => {
  for (const counter of counters) {
    await sendHundredThrice(counter);
    await expectSettled(counter, 100);
  }
});

test('they make exactly 100 when the server is killed again and again', patience, async () => {
  for (const counter of counters) {
    const killAfter = new Set([10, 120]);
    const attempts = await sendHundredThrice(counter, (count) => {
      if (killAfter.has(count)) restart();
    });
    expect(Math.max(...attempts)).toBeGreaterThan(1);
    await expectSettled(counter, 100);
  }
});

test('a server that is asked to stop does, and the next one goes on', patience, async () => {
  const tokens = ['a', 'b', 'c'];
  for (const counter of counters) for (const token of tokens) await increment(counter, token);
  expect(await (await server).end('SIGTERM')).toEqual([0, null]);
  await vi.waitFor(() => expect(runningProcesses(dataFolder)).toEqual([]), deadline);

  server = startTallyServer({ dataFolder });
  for (const counter of counters) {
    for (const token of tokens) await increment(counter, token);
    await expectSettled(counter, tokens.length);
  }
});

test('nothing is left running of a server that was killed', patience, async () => {
  const killed = await server;
  expect(runningProcesses(dataFolder)).not.toEqual([]);
  await killed.end('SIGKILL');
  await vi.waitFor(() => expect(runningProcesses(dataFolder)).toEqual([]), deadline);
});
