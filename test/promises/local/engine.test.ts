import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTableIfMissing } from '../../../local/create-table.ts';
import type { Engine } from '../../../local/engine.ts';
import { engineAccess, startTestEngine } from '../../harness/engine/test-engine.ts';
import { createTestClient } from '../../harness/engine/test-table.ts';
import { runningProcesses } from '../../harness/processes/running-processes.ts';

const DEADLINE = { timeout: 120_000, interval: 50 };
const tableName = 'tally';
const item = { pk: { S: 'a' }, sk: { S: '-' } };
const other = { pk: { S: 'b' }, sk: { S: '-' } };

let dataFolder: string;
const engines: Engine[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'tally-engine-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
  await vi.waitFor(() => expect(runningProcesses(dataFolder)).toEqual([]), DEADLINE);
  rmSync(dataFolder, { recursive: true, force: true });
});

async function start(folder: string): Promise<Engine> {
  const engine = await startTestEngine({ dataFolder: folder });
  engines.push(engine);
  return engine;
}

interface EngineProcess {
  readonly child: ChildProcess;
  readonly endpoint: string;
  readonly lines: AsyncIterator<string>;
}

/** The engine's parent in a process of its own, which a test can kill. */
async function startProcess(folder: string): Promise<EngineProcess> {
  const script = join(import.meta.dirname, '../../harness/engine/engine-process.ts');
  const child = spawn(process.execPath, [script, folder], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, endpoint: String((await lines.next()).value), lines };
}

const portFlag = (endpoint: string) => `-port ${new URL(endpoint).port} `;

const isStored = async (endpoint: string, Key: typeof item) =>
  (await createTestClient(endpoint).send(new GetItemCommand({ TableName: tableName, Key })))
    .Item !== undefined;

test('an engine in memory serves, and nothing of it is left after stop', async () => {
  const engine = await start('memory');
  const client = createTestClient(engine.endpoint);
  await createTableIfMissing({ client, tableName, stream: false });
  await client.send(new PutItemCommand({ TableName: tableName, Item: item }));
  expect(await isStored(engine.endpoint, item)).toBe(true);
  expect(runningProcesses(portFlag(engine.endpoint))).not.toEqual([]);

  await engine.stop();
  await expect(fetch(engine.endpoint)).rejects.toThrow('fetch failed');
  // The guard's watcher is told to end as the guard ends, not waited for.
  await vi.waitFor(() => expect(runningProcesses(portFlag(engine.endpoint))).toEqual([]), DEADLINE);
});

test('nothing is left behind when the parent is killed with SIGKILL', async () => {
  const { child, endpoint } = await startProcess('memory');
  expect(runningProcesses(portFlag(endpoint))).not.toEqual([]);
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(runningProcesses(portFlag(endpoint))).toEqual([]), DEADLINE);
});

test('a restart on the same folder right after SIGKILL finds every write and its stream', async () => {
  const first = await startProcess(dataFolder);
  const client = createTestClient(first.endpoint);
  await createTableIfMissing({ client, tableName, stream: true });
  const shardBefore = await describeShard(first.endpoint);
  await client.send(
    new TransactWriteItemsCommand({
      TransactItems: [item, other].map((Item) => ({ Put: { TableName: tableName, Item } })),
    }),
  );
  first.child.kill('SIGKILL');

  const second = await start(dataFolder);
  expect(await isStored(second.endpoint, item)).toBe(true);
  expect(await isStored(second.endpoint, other)).toBe(true);
  expect(await describeShard(second.endpoint)).toEqual(shardBefore);
});

async function describeShard(endpoint: string): Promise<unknown> {
  const client = new DynamoDBStreamsClient({ endpoint, ...engineAccess });
  const { Streams } = await client.send(new ListStreamsCommand({ TableName: tableName }));
  const stream = await client.send(
    new DescribeStreamCommand({ StreamArn: Streams?.[0]?.StreamArn }),
  );
  return stream.StreamDescription?.Shards;
}

test('a folder in use is refused, and its engine goes on', async () => {
  const { endpoint, child } = await startProcess(dataFolder);
  await expect(startTestEngine({ dataFolder })).rejects.toThrow(
    `in use by another Tally (process ${child.pid}). Stop that one, or set TALLY_DATA to another folder.`,
  );
  expect((await fetch(endpoint)).status).toBe(400);
});

test('of two starts on one folder in the same instant one goes on', async () => {
  const starts = await Promise.allSettled([start(dataFolder), start(dataFolder)]);
  expect(starts.map((it) => it.status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('a pid file whose pid belongs to another program by now does not block', async () => {
  writeFileSync(join(dataFolder, 'engine.pid'), `${process.pid} ${process.ppid}\n`);
  const engine = await start(dataFolder);
  await engine.stop();
  expect(readdirSync(dataFolder)).not.toContain('engine.pid');
});

test('Ctrl-C reaches the parent first: its engine still serves the last request', async () => {
  const { child, lines } = await startProcess(dataFolder);
  const exited = once(child, 'exit');
  // A terminal signals the whole process group.
  process.kill(-Number(child.pid), 'SIGINT');
  expect((await lines.next()).value).toBe('400');
  expect(await exited).toEqual([0, null]);
});

test('an engine that cannot start says why', async () => {
  const { endpoint } = await start('memory');
  const port = Number(new URL(endpoint).port);
  await expect(startTestEngine({ dataFolder: 'memory', port })).rejects.toThrow(
    'Address already in use',
  );
});

test('an engine that dies is reported', async () => {
  const engine = await start(dataFolder);
  const [guardPid] = readFileSync(join(dataFolder, 'engine.pid'), 'utf8').split(' ');
  process.kill(-Number(guardPid), 'SIGKILL');
  expect((await engine.died).message).toContain('SIGKILL');
});
