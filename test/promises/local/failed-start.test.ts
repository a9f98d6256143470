/** What a person can put right: a sentence that names it, and nothing left running. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readEngineAccess } from '../../../local/engine-access.ts';
import { runningProcesses } from '../../harness/processes/running-processes.ts';

const deadline = { timeout: 120_000, interval: 50 };
const script = join(import.meta.dirname, '../../../bin/local.ts');
/** Answers anything, as some other program's server does. */
let server: Server;
let answer: string;
let dataFolder: string;

beforeEach(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'tally-failed-'));
  server = createServer((_request, response) => void response.end(answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** @returns what it said, once it has ended with the exit code 1 */
async function failToStart(environment: Record<string, string> = {}): Promise<string> {
  const { AWS_ENDPOINT_URL_DYNAMODB: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [script], {
    env: { ...inherited, PORT: '0', TALLY_DATA: dataFolder, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  expect(await once(child, 'exit')).toEqual([1, null]);
  // The guard's watcher is told to end as the guard ends, not waited for.
  await vi.waitFor(() => expect(runningProcesses(`-dbPath ${dataFolder}`)).toEqual([]), deadline);
  return said;
}

test.each(['<html>', '{}'])(
  'an endpoint that answers %s is not taken for DynamoDB',
  async (body) => {
    answer = body;
    const said = await failToStart({ AWS_ENDPOINT_URL_DYNAMODB: endpoint() });
    expect(said).toMatch(
      /^The DynamoDB at http:\/\/127.0.0.1:\d+ cannot be used: .+\nSet AWS_ENDPOINT_URL_DYNAMODB to .+\n$/,
    );
  },
);

test('an endpoint where nobody listens is named', async () => {
  const closed = endpoint();
  server.close();
  const said = await failToStart({ AWS_ENDPOINT_URL_DYNAMODB: closed });
  expect(said).toMatch(
    /^The DynamoDB at http:\/\/127.0.0.1:\d+ cannot be used: connect ECONNREFUSED .+\nSet AWS_ENDPOINT_URL_DYNAMODB to .+\n$/,
  );
});

test('a broken database is named by its folder', async () => {
  const { region, credentials } = readEngineAccess(dataFolder);
  const database = `${credentials.accessKeyId}_${region}.db`;
  writeFileSync(join(dataFolder, database), 'broken'.repeat(1_000));
  const [first, second] = (await failToStart()).split('\n');
  expect(first).toContain(`The data folder ${dataFolder} cannot be used: `);
  expect(second).toContain('Move its databases (*.db) away');
});

test('a broken position file is named', async () => {
  const file = join(dataFolder, 'stream-positions.json');
  writeFileSync(file, '{');
  expect(await failToStart()).toMatch(new RegExp(`^The file ${file} is broken. Delete it: .+\n$`));
});
