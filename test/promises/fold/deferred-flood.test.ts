/**
 * Many deferred changes on few counters, with a stream that is stopped and started in between: the
 * real handlers, the real stream of DynamoDB Local, and the pump that stands in for Lambda's mapping.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { defineCounters } from '../../../functions/counters/define-counters.ts';
import { createDynamoFoldStore } from '../../../functions/dynamo/dynamo-fold-store.ts';
import { createWriteFunction } from '../../../functions/http/write-function.ts';
import { createDependencies } from '../../../functions/runtime/dependencies.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import { createStreamFunction } from '../../../functions/stream/stream-function.ts';
import { createTableIfMissing } from '../../../local/create-table.ts';
import type { Engine } from '../../../local/engine.ts';
import { startStreamPump } from '../../../local/stream-pump.ts';
import { startTestEngine } from '../../harness/engine/test-engine.ts';
import { createTestClient } from '../../harness/engine/test-table.ts';
import { apiEvent, lambdaContext } from '../../harness/http/api-event.ts';

const changes = 20_000;
const writersAtOnce = 50;
const subjects = ['post-1', 'post-2', 'post-3'];
const tableName = 'flood';
const open = { read: 'public', write: 'public' } as const;
const config = defineCounters({
  views: { kind: 'count', write: 'deferred', windows: ['all', 'day', 'hour'], access: open },
});
const logger = { error: (message: string, error: Error) => console.error(message, error) };

let engine: Engine;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-flood-'));
  // An engine of its own: a second streamed table in one engine slows both down.
  engine = await startTestEngine({ dataFolder: 'memory' });
  await createTableIfMissing({
    client: createTestClient(engine.endpoint),
    tableName,
    stream: true,
  });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

test(`${changes} deferred increments, a third of them sent twice, settle to exactly as many`, async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', engine.endpoint);
  const { clients, context } = createDependencies({
    ...process.env,
    [environmentNames.table]: tableName,
  });
  // All of it happens at one moment, so that no midnight comes in between.
  const nowMs = Date.now();
  const ours = { ...context, config, now: () => nowMs };
  const live = { http: 'https://live.test/event', realtime: 'wss://live.test', apiKey: 'test' };
  const write = createWriteFunction({ context: ours, adminKey: undefined, live, logger });
  const handler = createStreamFunction({
    context: ours,
    foldStore: createDynamoFoldStore({ clients, tableName, ...ours }),
    publish: () => Promise.resolve(),
    report: () => {},
  });
  const startPump = () =>
    startStreamPump({
      endpoint: engine.endpoint,
      tableName,
      handler,
      positionFile: join(folder, 'positions.json'),
      batchSize: 1_000,
    });

  async function increment(index: number): Promise<void> {
    const request = apiEvent({
      method: 'PUT',
      path: `/v1/${subjects[index % subjects.length]}/views`,
      headers: { 'idempotency-key': `token-${index}`, prefer: 'return=minimal' },
      body: { action: 'increment' },
    });
    const { statusCode } = await write(request, lambdaContext());
    expect(statusCode).toBe(204);
  }

  const limit = pLimit(writersAtOnce);
  const send = (from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, offset) => from + offset).flatMap((index) => {
        const times = index % 3 === 0 ? 2 : 1;
        return Array.from({ length: times }, () => limit(() => increment(index)));
      }),
    );

  const first = startPump();
  await send(0, changes / 4);
  await first.stop();
  await send(changes / 4, changes / 2);
  const second = startPump();
  await send(changes / 2, changes);
  await second.caughtUp();
  await second.stop();

  const day = new Date(nowMs).toISOString().slice(0, 10);
  for (const [position, subject] of subjects.entries()) {
    const expected = Math.ceil((changes - position) / subjects.length);
    const key = { subject, counter: 'views', region: context.region, shard: 0, window: '-' };
    const [all] = await context.stores.cells.readCells([key], { consistent: true });
    expect(all?.count).toBe(BigInt(expected));
    const [today] = await context.stores.cells.readCells([{ ...key, window: day }], {
      consistent: true,
    });
    expect(today?.count).toBe(BigInt(expected));
  }
}, 1_200_000);
