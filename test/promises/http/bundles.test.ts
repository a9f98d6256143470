/** The very files that Lambda gets, in an environment as Lambda's, against DynamoDB Local. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpResponse } from '../../../functions/http/responses.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import { engineAccess } from '../../harness/engine/test-engine.ts';
import { createTestTable, type TestTable } from '../../harness/engine/test-table.ts';
import { type ApiRequest, apiEvent, bodyBytes } from '../../harness/http/api-event.ts';
import { type LambdaFunction, startLambdaFunction } from '../../harness/http/lambda-function.ts';
import { createLedgerDelivery } from '../../harness/ledger-delivery.ts';
import { bundleFunctions, type FunctionAssets } from '../../harness/stack/function-assets.ts';

let assets: FunctionAssets;
let table: TestTable;
const functions = new Map<string, LambdaFunction>();

beforeAll(async () => {
  assets = bundleFunctions();
  table = await createTestTable();
  const { accessKeyId, secretAccessKey } = engineAccess.credentials;
  const environment = {
    AWS_REGION: engineAccess.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: 'session',
    AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
    [environmentNames.table]: table.tableName,
    [environmentNames.liveHttp]: 'https://live.test.example.com/event',
    [environmentNames.liveRealtime]: 'wss://live.test.example.com/event/realtime',
    [environmentNames.liveApiKey]: 'da2-test',
  };
  // The site function has no rights and needs none.
  const environments = { read: environment, write: environment, stream: environment, site: {} };
  await Promise.all(
    Object.entries(environments).map(async ([name, own]) => {
      const folder = assets.folderOf(name as keyof typeof environments);
      functions.set(name, await startLambdaFunction({ folder, environment: own }));
    }),
  );
});

afterAll(async () => {
  await Promise.all([...functions.values()].map((it) => it.stop()));
  assets[Symbol.dispose]();
});

const functionCalled = (name: string) => functions.get(name) ?? expect.unreachable(name);

async function send(name: 'read' | 'write' | 'site', request: ApiRequest) {
  const response = await functionCalled(name).invoke<HttpResponse>(apiEvent(request));
  return { ...response, text: bodyBytes(response).toString() };
}

const put = (counter: string, token: string, amount = 3) =>
  send('write', {
    method: 'PUT',
    path: `/v1/${counter}`,
    headers: { 'idempotency-key': token },
    body: { action: 'increment', amount },
  });

test('the write function counts, once for each token', async () => {
  const first = await put('post-7/counter', 'a');
  expect(first.statusCode).toBe(200);
  expect(JSON.parse(first.text)).toMatchObject({ count: 3, pending: false });
  expect((await put('post-7/counter', 'a')).headers).toMatchObject({
    'idempotency-replayed': 'true',
  });
});

test('the read function reads what was written', async () => {
  await put('post-42/counter', 'b');
  const answer = await send('read', { method: 'GET', path: '/v1/post-42/counter' });
  expect(answer.statusCode).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ count: 3 });
  const page = { method: 'GET', path: '/post-42/counter', headers: { accept: 'text/html' } };
  expect((await send('read', page)).text).toContain('<!doctype html>');
});

test('the read function is healthy, and answers what no route is for', async () => {
  expect(await send('read', { method: 'GET', path: '/v1/health' })).toMatchObject({
    statusCode: 200,
  });
  expect(await send('read', { method: 'GET', path: '/nothing' })).toMatchObject({
    statusCode: 404,
  });
});

test('the stream function folds what is pending, once', async () => {
  expect(JSON.parse((await put('post-42/views', 'c', 1)).text)).toMatchObject({ pending: true });
  const ledger = createLedgerDelivery({
    ...table,
    now: Date.now,
    handler: (event) => functionCalled('stream').invoke(event),
  });
  await ledger.deliver();
  await ledger.deliver();
  const read = { method: 'GET', path: '/v1/post-42/views', query: { window: 'all' } };
  expect(JSON.parse((await send('read', read)).text)).toMatchObject({ count: 1 });
});

test('the write function says where to listen', async () => {
  const answer = await send('write', { method: 'GET', path: '/v1/post-42/likes/live' });
  expect(answer.statusCode).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ realtime: expect.stringMatching(/^wss:/) });
});

test.each(['/docs', '/docs/errors', '/openapi.json', '/assets/swagger-ui.css'])(
  'the site function serves %s',
  async (path) => {
    const { statusCode, text } = await send('site', { method: 'GET', path });
    expect(statusCode).toBe(200);
    expect(text).not.toBe('');
  },
);
