/**
 * Thousands of requests against a real server: made from the schemas and bent, or plain bytes; from
 * anonymous callers, tenants, visitors, an operator, and callers with false keys. The server answers all
 * of them, does only what each caller had the right to, and holds no more memory afterwards.
 *
 *     TALLY_ATTACK_REQUESTS=50000 npm test -- test/promises/access/attack.test.ts
 */
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { secretsAt } from '../../../functions/counters/secrets.ts';
import { createDynamoClients, fromWire } from '../../../functions/dynamo/dynamo-clients.ts';
import { createDynamoSecretStore } from '../../../functions/dynamo/dynamo-secret-store.ts';
import { matchRoute } from '../../../functions/http/match-route.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import type { Engine } from '../../../local/engine.ts';
import { tally as config } from '../../../tally.config.ts';
import { type AttackRequest, attackRequests } from '../../harness/access/attack-requests.ts';
import {
  type Credential,
  furnish,
  type HandedOn,
  makeCredentials,
  mayDo,
  mayHandOn,
  sandbox,
  victim,
  victimUser,
} from '../../harness/access/attack-scene.ts';
import { adminKey } from '../../harness/access/callers.ts';
import { type Change, deedsOf, doneItems, itemsOf } from '../../harness/access/deeds.ts';
import { startWatchedServer, type WatchedServer } from '../../harness/access/watched-server.ts';
import { startTestEngine } from '../../harness/engine/test-engine.ts';
import { createTestClient } from '../../harness/engine/test-table.ts';
import { parseHttpAnswers } from '../../harness/http/http-answers.ts';
import { scanTable } from '../../harness/ledger-delivery.ts';
import type { Answer } from '../../harness/tally-under-test.ts';

const total = Number(process.env.TALLY_ATTACK_REQUESTS ?? 8_000);
const seed = Number(process.env.TALLY_ATTACK_SEED ?? 20_261_121);
const chunks = 20;
const atOnce = 16;
/** What caches may come to hold, and the engine of JavaScript with them. */
const growthBytesMax = 16 * 1024 * 1024;

/** Counters that everybody may write, on subjects that nobody rules: their counts can be foretold. */
const tracked = { subjects: ['post-1', 'post-2'], counters: ['counter', 'views'] };

const names = {
  subjects: [...tracked.subjects, 'resto-7', 'resto-7:2', victim],
  counters: [...config.counters.keys()],
  members: ['ada', 'bob', 'me', victimUser],
  tokens: ['token-1', 'token-2', '"quoted"'],
};

let engine: Engine;
let server: WatchedServer;
let credentials: readonly Credential[];
let owned: unknown;
/** What was wrong with the answers to the attack, as sentences. */
let wrong: readonly string[];
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });

beforeAll(
  async () => {
    engine = await startTestEngine({ dataFolder: 'memory' });
    server = await startWatchedServer({
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
      [environmentNames.adminKey]: adminKey,
    });
    const tally = { send: sendJson };
    await furnish(tally);
    credentials = await makeCredentials(tally, async () => {
      const clients = createDynamoClients(engine.endpoint);
      const { versions } = await createDynamoSecretStore({ clients, tableName: 'tally' }).read();
      return secretsAt(versions, Date.now());
    });
    owned = await protectedItems();
    wrong = await attackAll();
  },
  300_000 + total * 100,
);

afterAll(async () => {
  agent.destroy();
  await server.end();
  await engine.stop();
});

async function items(): Promise<Record<string, unknown>[]> {
  const client = createTestClient(engine.endpoint);
  return (await scanTable({ client, tableName: 'tally' })).map(fromWire);
}

/** What nobody who attacks has a right to: the victim's own, the keys that there are, the secret. */
async function protectedItems() {
  const ids = new Set(credentials.map(({ authorization = '' }) => authorization.split('_')[1]));
  const isProtected = ({ pk, sk }: Record<string, unknown>) =>
    new RegExp(`^[cet]#${victim}#(?:stock|orders)(?:#|$)`).test(String(pk)) ||
    pk === `s#${victim}` ||
    (pk === `u#${victimUser}` && String(sk).startsWith(`${victim}#`)) ||
    (pk === 'k#' && ids.has(String(sk))) ||
    pk === 'p#secret';
  return (await items())
    .filter(isProtected)
    .toSorted((a, b) =>
      `${String(a.pk)} ${String(a.sk)}` < `${String(b.pk)} ${String(b.sk)}` ? -1 : 1,
    );
}

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
};

/** @param on the connections to use; a server may close an idle one just as it is used again */
function send(
  attack: Omit<AttackRequest, 'credential' | 'mangle'>,
  on: Agent | false = agent,
): Promise<Received> {
  const { method, path, headers, body } = attack;
  // Node leaves the length out for methods that have no body, and the body would be the next request.
  const framed = { ...headers, 'content-length': body.length };
  return new Promise<Received>((resolve, reject) => {
    const outgoing = httpRequest(
      { method, path, headers: framed, port: server.port, host: '127.0.0.1', agent: on },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const { statusCode: status = 0, headers: received } = incoming;
          const undo = decoders[received['content-encoding'] ?? ''] ?? ((it) => it);
          // An answer to HEAD says how its body is encoded, and has none.
          const whole = Buffer.concat(parts);
          const text = (whole.length === 0 ? whole : undo(whole)).toString();
          resolve({ status, headers: received, text });
        });
      },
    );
    outgoing.on('error', (error) => {
      // A request that makes the server hang up does so on a connection of its own as well.
      if (on && outgoing.reusedSocket) resolve(send(attack, false));
      else reject(error);
    });
    outgoing.end(body);
  });
}

const sendJson = async (asked: {
  method: string;
  path: string;
  headers?: object;
  body?: unknown;
}) => {
  const { status, headers, text } = await send({
    method: asked.method,
    path: asked.path,
    headers: { ...asked.headers },
    body: Buffer.from(asked.body === undefined ? '' : JSON.stringify(asked.body)),
  });
  return { status, headers, body: text === '' ? text : JSON.parse(text) } as unknown as Answer;
};

/** Sends bytes as they are and collects what comes back until the server closes. */
function sendRaw(bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes));
    socket.on('data', (part: Buffer) => parts.push(part));
    // A server may reset the connection of a client that sends nonsense; what it said until then counts.
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(parts)));
  });
}

/** With its credential. The operator, who may do everything, does it to something of its own. */
function asSent(attack: AttackRequest, { name, authorization }: Credential): AttackRequest {
  const replaced = (text: string) =>
    name === 'operator' ? text.replaceAll(victim, sandbox).replaceAll('post-', sandbox) : text;
  return {
    ...attack,
    path: replaced(attack.path),
    headers: { ...attack.headers, ...(authorization === undefined ? {} : { authorization }) },
    body: name === 'operator' ? Buffer.from(replaced(attack.body.toString())) : attack.body,
  };
}

/** As bytes, mangled; on subjects of their own, since nobody can tell what they come to mean. */
function asBytes({ method, path, headers, body, mangle }: AttackRequest): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const length = `content-length: ${body.length}`;
  const head = [`${method} ${path} HTTP/1.1`, 'host: localhost', ...lines, length].join('\r\n');
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]);
  const moved = Buffer.from(bytes.toString('latin1').replaceAll('post-', 'raws-'), 'latin1');
  return mangle ? mangle(moved) : moved;
}

const signed = ({ action, amount = 1 }: Change) => (action === 'increment' ? amount : -amount);

const expected = new Map<string, number>();
function count(subject: string, counter: string, amount: number): void {
  const name = `${subject}/${counter}`;
  expected.set(name, (expected.get(name) ?? 0) + amount);
}

/** What was done that nobody had the right to, as sentences; and what was counted is noted. */
function judge(sent: AttackRequest, credential: Credential, received: Received): string[] {
  const match = matchRoute(sent.method, sent.path.split(/[?#]/, 1)[0] ?? '');
  const isDone = received.status >= 200 && received.status < 300;
  if (!isDone || match.found !== 'route') return [];
  const { operation } = match.route;
  const exchange = { match, asked: sent.body.toString(), answered: received.text };
  const crimes = deedsOf(exchange)
    .filter((deed) => !mayDo(credential, deed))
    .map(({ right, params }) => `${credential.name}: ${right} ${params.counter} (${operation})`);
  if (operation === 'changeCounter' && !('idempotency-replayed' in received.headers)) {
    const { subject = '', counter = '' } = match.params;
    count(subject, counter, signed(JSON.parse(exchange.asked) as Change));
  }
  if (operation === 'createPass') {
    const pass = JSON.parse(exchange.asked) as HandedOn;
    if (!mayHandOn(credential, pass)) crimes.push(`${credential.name}: pass`);
  }
  if (operation === 'runBatch') {
    for (const { item, result } of doneItems(exchange)) {
      if (item.action !== 'read' && !result.replayed) {
        count(item.subject, item.counter, signed(item));
      }
    }
    const broken = itemsOf(exchange).filter(({ result }) => result.status >= 500);
    crimes.push(...broken.map(({ result }) => `item: ${result.status}`));
  }
  return crimes;
}

const statuses = new Map<number, number>();
const noteStatus = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);

/** @returns what is wrong with the answer, as sentences */
async function attackWith(attack: AttackRequest): Promise<string[]> {
  const credential = credentials[attack.credential] ?? expect.unreachable();
  const sent = asSent(attack, credential);
  const shown = () => `${sent.method} ${sent.path} ${sent.body.subarray(0, 300).toString()}`;
  if (sent.mangle) {
    const answers = parseHttpAnswers(await sendRaw(asBytes(sent)), { mayBreakOff: true });
    for (const { status } of answers) noteStatus(status);
    const broken = answers.filter(({ status }) => status >= 500);
    return broken.map(({ status, text }) => `${status} ${text} of bytes made of ${shown()}`);
  }
  const received = await send(sent);
  noteStatus(received.status);
  if (received.status >= 500) return [`${received.status} ${received.text} of ${shown()}`];
  return judge(sent, credential, received).map((crime) => `${crime}: ${shown()}`);
}

const heaps: number[] = [];

async function attackAll(): Promise<string[]> {
  const limit = pLimit(atOnce);
  const arbitrary = attackRequests(names, credentials.length);
  const found: string[] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const requests = fc.sample(arbitrary, {
      numRuns: Math.ceil(total / chunks),
      seed: seed + chunk,
    });
    found.push(...(await limit.map(requests, attackWith)).flat());
    heaps.push(await server.heapBytes());
  }
  return found;
}

test('every request is answered, and only what somebody had the right to is done', () => {
  expect(wrong).toEqual([]);
  expect(server.hasEnded()).toBe(false);
  // It was a real attack: requests got through, and were refused, in every way there is.
  for (const status of [200, 201, 204, 400, 401, 403, 404, 405, 409, 413]) {
    expect([...statuses.keys()], `seed ${seed}`).toContain(status);
  }
});

test('what nobody had a right to is as it was, byte by byte', async () => {
  expect(owned).toHaveLength(10);
  expect(await protectedItems()).toEqual(owned);
});

test('what was accepted is counted, and nothing else', async () => {
  for (const subject of tracked.subjects) {
    for (const counter of tracked.counters) {
      const name = `${subject}/${counter}`;
      const readCount = async () => {
        const path = `/v1/${name}?consistent=true`;
        return ((await sendJson({ method: 'GET', path })).body as { count: number }).count;
      };
      await vi.waitFor(
        async () => expect(await readCount(), name).toBe(expected.get(name) ?? 0),
        120_000,
      );
    }
  }
});

test('the server serves on, and remembers no more than before', async () => {
  expect(await sendJson({ method: 'GET', path: '/v1/health' })).toMatchObject({ status: 200 });
  expect(server.output()).not.toMatch(/a request failed|a handler broke|UnhandledPromise/);
  // The first quarter fills the caches.
  const [early = 0] = heaps.slice(chunks / 4);
  expect((heaps.at(-1) ?? 0) - early).toBeLessThan(growthBytesMax);
  if (process.env.TALLY_ATTACK_REQUESTS !== undefined) {
    console.info({
      requests: total,
      seed,
      statuses: Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b)),
      heapMB: heaps.map((bytes) => Math.round(bytes / 1024 / 102.4) / 10),
    });
  }
});
