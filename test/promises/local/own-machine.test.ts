/** What `npm start` lets other programs, other machines and pages of other sites do: nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secretItemKey } from '../../../functions/dynamo/item-keys.ts';
import { readEngineAccess } from '../../../local/engine-access.ts';
import { createTestClient } from '../../harness/engine/test-table.ts';
import { isReachable } from '../../harness/processes/is-reachable.ts';
import { otherAddress } from '../../harness/processes/other-address.ts';
import { runningProcesses } from '../../harness/processes/running-processes.ts';
import { startTallyServer, type TallyServer } from '../../harness/processes/tally-server.ts';

let tally: TallyServer;
let dataFolder: string;
let enginePort: number;

beforeAll(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'tally-own-machine-'));
  tally = await startTallyServer({ dataFolder });
  const [command = ''] = runningProcesses(dataFolder).filter((it) => it.includes('-port '));
  enginePort = Number(/-port (\d+)/.exec(command)?.[1]);
});

afterAll(async () => {
  await tally.end('SIGTERM');
  rmSync(dataFolder, { recursive: true });
});

test('another machine reaches neither the server nor its engine', async () => {
  const port = Number(new URL(tally.url).port);
  expect(await isReachable('127.0.0.1', port)).toBe(true);
  expect(await isReachable('127.0.0.1', enginePort)).toBe(true);
  expect(await isReachable(otherAddress(), port)).toBe(false);
  expect(await isReachable(otherAddress(), enginePort)).toBe(false);
});

test('another program that calls the engine finds no table, no secret, and no place for a key of its own', async () => {
  const endpoint = `http://127.0.0.1:${enginePort}`;
  const owner = new DynamoDBClient({ endpoint, ...readEngineAccess(dataFolder) });
  expect((await owner.send(new ListTablesCommand())).TableNames).toEqual(['tally']);
  const attacker = createTestClient(endpoint);
  expect((await attacker.send(new ListTablesCommand())).TableNames).toEqual([]);
  const [pk, sk] = [{ S: secretItemKey.pk }, { S: secretItemKey.sk }];
  const missing = { name: 'ResourceNotFoundException' };
  const read = new GetItemCommand({ TableName: 'tally', Key: { pk, sk } });
  await expect(attacker.send(read)).rejects.toMatchObject(missing);
  const plant = new PutItemCommand({ TableName: 'tally', Item: { pk, sk } });
  await expect(attacker.send(plant)).rejects.toMatchObject(missing);
});
