/**
 * Keys, passes, tokens, names of people and bodies go through every route, right and wrong, while the
 * database works and while it fails; none of it may be found in what Tally logs.
 */
import { inspect } from 'node:util';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpResponse } from '../../../functions/http/responses.ts';
import { type FunctionName, type Route, routes } from '../../../functions/http/routes.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import type { Engine } from '../../../local/engine.ts';
import { tally as shipped } from '../../../tally.config.ts';
import { adminKey, bearer, type Headers, makeKey, makePass } from '../../harness/access/callers.ts';
import { startWatchedServer, type WatchedServer } from '../../harness/access/watched-server.ts';
import { engineAccess, startTestEngine } from '../../harness/engine/test-engine.ts';
import { createTestTable, type TestTable } from '../../harness/engine/test-table.ts';
import { type FaultProxy, startFaultProxy } from '../../harness/faults/fault-proxy.ts';
import type { Fault } from '../../harness/faults/fault-rules.ts';
import { type ApiRequest, apiEvent, bodyBytes } from '../../harness/http/api-event.ts';
import { type LambdaFunction, startLambdaFunction } from '../../harness/http/lambda-function.ts';
import { scanTable } from '../../harness/ledger-delivery.ts';
import { bundleFunctions, type FunctionAssets } from '../../harness/stack/function-assets.ts';
import { type Answer, createTallyUnderTest } from '../../harness/tally-under-test.ts';

/** Names of people, and what they send: nobody who reads a log should learn them. */
const personal = {
  member: 'member-mata-hari',
  user: 'user-mata-hari',
  token: 'token-mata-hari',
  text: 'text-mata-hari',
};

type Send = (request: ApiRequest) => Promise<Pick<Answer, 'status' | 'body'>>;

const effects: (Fault['effect'] | undefined)[] = [
  undefined,
  'server error before commit',
  'lose reply',
  'drop before commit',
];

const goodBodies: Readonly<Record<string, unknown>> = {
  changeCounter: { action: 'increment' },
  setMember: { choice: 'love' },
  returnToLimit: { cost: 1 },
  changeSettings: { time_zone: 'UTC' },
  createPass: { member: personal.member, actions: ['read'], subject: 'post' },
  runBatch: {
    items: [
      { subject: 'post', counter: 'counter', action: 'increment', idempotency_key: personal.token },
      { subject: 'post', counter: 'stock', action: 'read' },
    ],
  },
};

/** Every route with every credential, with a right body and with wrong ones. */
function requestsWith(credentials: readonly Headers[]): ApiRequest[] {
  return routes.flatMap((route) =>
    credentials.flatMap((headers) =>
      [
        { body: goodBodies[route.operation], query: {} },
        { body: goodBodies[route.operation], query: { [personal.text]: personal.text } },
        { body: { [personal.text]: personal.text }, query: {} },
        { body: personal.text, query: {} },
      ].map(
        (input): ApiRequest => ({
          method: route.method,
          path: pathTo(route),
          headers: { ...headers, 'idempotency-key': personal.token },
          ...input,
        }),
      ),
    ),
  );
}

function pathTo({ path, operation }: Route): string {
  const counters: Readonly<Record<string, string>> = {
    leave: 'viewers',
    drawTicket: 'orders',
    takeFromLimit: 'calls',
    returnToLimit: 'calls',
  };
  const params: Record<string, string> = {
    subject: 'post',
    counter: counters[operation] ?? (/Member/.test(operation) ? 'reactions' : 'stock'),
    member: personal.member,
    user: personal.user,
    key: personal.text,
    asset: personal.text,
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
}

/** @returns everything that was secret */
async function sendEverything(
  send: Send,
  { proxy: faults, atOnce }: { proxy: FaultProxy; atOnce: number },
): Promise<string[]> {
  const limit = pLimit(atOnce);
  const instance = { send: send as (request: ApiRequest) => Promise<Answer> };
  const all = { actions: ['read', 'write', 'admin'], subjects: ['*'] } as const;
  const { key, headers } = await makeKey(instance, [all], 50_000);
  const visitor = { member: personal.member, actions: ['read', 'write'], subject: 'post' };
  const pass = await makePass(instance, headers, visitor);
  const wrong = key.replace(/.{9}$/, 'AAAAAAAAA');
  const requests = requestsWith([headers, pass, bearer(wrong), bearer(adminKey)]);
  const [, passText = ''] = pass.authorization?.split(' ') ?? [];
  requests.push({
    method: 'POST',
    path: `/v1/post/viewers/members/${personal.member}/leave`,
    query: { access_token: passText },
  });
  const statuses = new Set<number>();
  const shown: string[] = [];
  for (const effect of effects) {
    const fault = effect && faults.inject({ effect });
    for (const { status, body } of await limit.map(requests, send)) {
      statuses.add(status);
      const { key: made } = (body ?? {}) as { key?: string };
      if (made !== undefined) shown.push(secretOf(made));
    }
    fault?.remove();
  }
  // All that may happen has happened.
  for (const status of [200, 201, 204, 400, 401, 403, 404, 503]) {
    expect([...statuses], String(status)).toContain(status);
  }
  return [
    ...Object.values(personal),
    ...[key, wrong, adminKey].map(secretOf),
    // Claims and signature; before them stands the number of the secret.
    ...passText.split('.').slice(1),
    ...shown,
  ];
}

const secretOf = (key: string): string => key.split('_').slice(2).join('_');

/** What the deployment itself keeps secret, as it may be written. */
async function deploymentSecrets(table: TestTable): Promise<string[]> {
  const item = (await scanTable(table)).find(({ pk }) => pk?.S === 'p#secret');
  const secret = Buffer.from(item?.b?.B ?? expect.unreachable('no secret was made'));
  return [secret.toString('base64'), secret.toString('base64url'), secret.toString('hex')];
}

function expectNoneOf(secrets: readonly string[], log: string): void {
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(8);
    expect(log).not.toContain(secret);
  }
}

let table: TestTable;
let proxy: FaultProxy;
beforeAll(async () => {
  table = await createTestTable();
  proxy = await startFaultProxy({ upstream: table.endpoint });
});
afterAll(() => proxy.stop());

test('an error that is logged holds nothing of the request', async () => {
  const tally = await createTallyUnderTest({
    counters: Object.fromEntries(shipped.counters),
    adminKey,
    table,
    endpoint: proxy.endpoint,
  });
  const secrets = await sendEverything((it) => tally.send(it), { proxy, atOnce: 16 });
  expect(tally.errors.length).toBeGreaterThan(10);
  const log = tally.errors.map((error) => inspect(error, { depth: 10 })).join('\n');
  expectNoneOf([...secrets, ...(await deploymentSecrets(table))], log);
});

describe('the functions in Lambda', () => {
  let assets: FunctionAssets;
  const functions = new Map<FunctionName, LambdaFunction>();
  const { accessKeyId, secretAccessKey } = engineAccess.credentials;
  const awsSecret = 'session-of-the-function';

  beforeAll(async () => {
    assets = bundleFunctions();
    const environment = {
      AWS_REGION: engineAccess.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: awsSecret,
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      [environmentNames.table]: table.tableName,
      // Only so that there is a first key; no stack ever sets it.
      [environmentNames.adminKey]: adminKey,
      [environmentNames.liveHttp]: 'https://live.test.example.com/event',
      [environmentNames.liveRealtime]: 'wss://live.test.example.com/event/realtime',
      [environmentNames.liveApiKey]: 'da2-test',
    };
    for (const name of ['read', 'write', 'site'] as const) {
      const folder = assets.folderOf(name);
      functions.set(name, await startLambdaFunction({ folder, environment }));
    }
  });
  afterAll(async () => {
    for (const it of functions.values()) await it.stop();
    assets[Symbol.dispose]();
  });

  test('log what went wrong, and nothing that is secret', async () => {
    const secrets = await sendEverything(
      async (request) => {
        const { operation, servedBy } =
          routes.find((it) => it.method === request.method && pathTo(it) === request.path) ??
          expect.unreachable(request.path);
        const answer = await functions.get(servedBy)?.invoke<HttpResponse>(apiEvent(request));
        return toAnswer(answer ?? expect.unreachable(operation));
      },
      { proxy, atOnce: 1 },
    );
    const log = [...functions.values()].map((it) => it.log()).join('\n');
    expect(log).toContain('a request failed');
    expectNoneOf([...secrets, ...(await deploymentSecrets(table)), awsSecret], log);
  });
});

describe('npm start', () => {
  let engine: Engine;
  let server: WatchedServer;
  let ownProxy: FaultProxy;
  beforeAll(async () => {
    // Its table has a stream, which would slow down all others in the same engine.
    engine = await startTestEngine({ dataFolder: 'memory' });
    ownProxy = await startFaultProxy({ upstream: engine.endpoint });
    server = await startWatchedServer({
      AWS_ENDPOINT_URL_DYNAMODB: ownProxy.endpoint,
      [environmentNames.adminKey]: adminKey,
    });
  });
  afterAll(async () => {
    await server.end();
    await ownProxy.stop();
    await engine.stop();
  });

  test('logs what went wrong, and nothing that is secret', async () => {
    const secrets = await sendEverything(
      async ({ method, path, headers, query, body }) => {
        const url = new URL(`http://localhost:${server.port}${path}`);
        url.search = new URLSearchParams(query).toString();
        const answer = await fetch(url, {
          method,
          headers: headers ?? {},
          ...(method === 'GET' || body === undefined
            ? {}
            : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
        const text = await answer.text();
        const isJson = answer.headers.get('content-type')?.endsWith('json');
        return { status: answer.status, body: isJson ? JSON.parse(text) : text };
      },
      { proxy: ownProxy, atOnce: 16 },
    );
    // The admin key is printed once, for the person who starts it: on the line that begins so.
    const log = server.output();
    expect(log).toContain('a request failed');
    expectNoneOf(secrets, log);
    expect(server.hasEnded()).toBe(false);
  });
});

function toAnswer(response: HttpResponse): Pick<Answer, 'status' | 'body'> {
  const text = bodyBytes(response).toString();
  const type = response.headers['content-type'] ?? '';
  return { status: response.statusCode, body: type.endsWith('json') ? JSON.parse(text) : text };
}
