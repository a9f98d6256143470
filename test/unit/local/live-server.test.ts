import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createPublisher } from '../../../functions/stream/publisher.ts';
import { attachLiveServer, type LiveServer } from '../../../local/live-server.ts';
import { ownHosts } from '../../../local/own-hosts.ts';
import { engineAccess } from '../../harness/engine/test-engine.ts';
import { signRequest } from '../../harness/live/sign-request.ts';

const apiKey = 'da2-abcdefghijklmnopqrstuvwxyz';
const channel = '/counters/0123456789abcdef';
const deadline = { timeout: 120_000, interval: 10 };
const notAuthorized = {
  errorType: 'UnauthorizedException',
  message: 'You are not authorized to make this call.',
};

let server: Server;
let live: LiveServer;
let port: number;
const clients: WebSocket[] = [];

beforeEach(() => startServer());

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await stopServer();
});

async function startServer(): Promise<void> {
  server = createServer();
  live = attachLiveServer(server, { apiKey, publisher: engineAccess, isOwnHost: ownHosts() });
  server.on('request', (request, response) => {
    void buffer(request).then(async (sent) => {
      const { statusCode, body } = await live.publish(request, sent);
      response.writeHead(statusCode).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
}

async function stopServer(): Promise<void> {
  live.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

type Message = Record<string, unknown>;

interface ConnectOptions {
  readonly authorization?: unknown;
  readonly subprotocols?: readonly string[];
  readonly path?: string;
  readonly autoPong?: boolean;
}

/** A client as the documentation describes it, on the bare protocol. */
function connect({
  authorization = { host: 'localhost', 'x-api-key': apiKey },
  subprotocols = ['aws-appsync-event-ws'],
  path = '/event/realtime',
  autoPong = true,
}: ConnectOptions = {}) {
  const header = Buffer.from(JSON.stringify(authorization)).toString('base64url');
  const url = `ws://127.0.0.1:${port}${path}`;
  const socket = new WebSocket(url, [...subprotocols, `header-${header}`], { autoPong });
  clients.push(socket);
  const messages: Message[] = [];
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message));
  socket.on('error', () => {});
  const opened = once(socket, 'open');
  opened.catch(() => {});
  let read = 0;
  let isAcknowledged = false;
  /** The messages in turn. */
  async function next(): Promise<Message | undefined> {
    await vi.waitFor(() => expect(messages.length).toBeGreaterThan(read), deadline);
    return messages[read++];
  }
  async function send(message: unknown): Promise<void> {
    await opened;
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }
  /** Begins the connection, once. */
  async function init(): Promise<void> {
    if (isAcknowledged) return;
    await send({ type: 'connection_init' });
    expect(await next()).toEqual({ type: 'connection_ack', connectionTimeoutMs: 300_000 });
    isAcknowledged = true;
  }
  return { socket, closed, messages, next, send, init };
}

type Client = ReturnType<typeof connect>;

const subscription = (message: Message): Message => ({
  type: 'subscribe',
  authorization: { 'x-api-key': apiKey },
  ...message,
});

async function subscribe(client: Client, message: Message): Promise<Message | undefined> {
  await client.init();
  await client.send(subscription(message));
  return client.next();
}

/** @param headers in place of those that are signed */
async function publish(content: unknown, headers: Record<string, string> = {}) {
  const body = typeof content === 'string' ? content : JSON.stringify(content);
  const signed = await signRequest({ host: `127.0.0.1:${port}`, path: '/event', body });
  const outgoing = httpRequest({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/event',
    headers: { ...signed, ...headers },
  });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  const text = (await buffer(response)).toString();
  return { status: response.statusCode as number, body: JSON.parse(text) as Message };
}

test('a client that connects is acknowledged, and hears what is published to its channel', async () => {
  const client = connect();
  await client.init();
  expect(client.socket.protocol).toBe('aws-appsync-event-ws');
  expect(await subscribe(client, { id: 'mine', channel })).toEqual({
    type: 'subscribe_success',
    id: 'mine',
  });

  const answer = await publish({ channel, events: ['{"count":1}', '"two"'] });
  expect(answer).toEqual({
    status: 200,
    body: {
      failed: [],
      successful: [
        { identifier: expect.any(String), index: 0 },
        { identifier: expect.any(String), index: 1 },
      ],
    },
  });
  expect(await client.next()).toEqual({ type: 'data', id: 'mine', event: '{"count":1}' });
  expect(await client.next()).toEqual({ type: 'data', id: 'mine', event: '"two"' });
});

test('an operation before the connection is acknowledged is refused, and can be asked again', async () => {
  const client = connect();
  const errors = [{ errorType: 'BadRequestException', message: expect.any(String) }];
  for (const type of ['subscribe', 'unsubscribe', 'publish']) {
    await client.send({ ...subscription({ id: '1', channel }), type });
    expect(await client.next()).toEqual({ type: `${type}_error`, id: '1', errors });
  }
  expect(await subscribe(client, { id: '1', channel })).toMatchObject({
    type: 'subscribe_success',
  });
});

test("the stream function's own publisher is heard, and by nobody on another channel", async () => {
  const [listener, stranger] = [connect(), connect()];
  await subscribe(listener, { id: '1', channel });
  await subscribe(stranger, { id: '1', channel: '/counters/other' });
  const send = createPublisher({
    endpoint: `http://localhost:${port}/event`,
    region: 'local',
    variables: { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  });
  await send({ channel, body: { count: 812 } });
  await send({ channel: '/counters/other', body: { count: 1 } });
  expect(await listener.next()).toMatchObject({ event: '{"count":812}' });
  expect(await stranger.next()).toMatchObject({ event: '{"count":1}' });
});

test('a subscription that is given up hears no more, and its id is free again', async () => {
  const client = connect();
  await subscribe(client, { id: '1', channel });
  await client.send({ type: 'unsubscribe', id: '1' });
  expect(await client.next()).toEqual({ type: 'unsubscribe_success', id: '1' });
  await publish({ channel, events: ['1'] });
  await client.send({ type: 'unsubscribe', id: '1' });
  expect(await client.next()).toEqual({
    type: 'unsubscribe_error',
    id: '1',
    errors: [{ errorType: 'UnknownOperationError', message: 'Unknown operation id 1' }],
  });
  expect(await subscribe(client, { id: '1', channel })).toMatchObject({
    type: 'subscribe_success',
  });
});

test.each([
  ['a wrong key', { host: 'localhost', 'x-api-key': 'da2-wrong' }],
  ['no key', { host: 'localhost' }],
  ['no host', { 'x-api-key': apiKey }],
  ['no object', 'key'],
])('a connection with %s is refused', async (_name, authorization) => {
  const client = connect({ authorization });
  expect(await client.next()).toEqual({
    type: 'connection_error',
    errors: [{ ...notAuthorized, errorCode: 401 }],
  });
  expect(await client.closed).toBe(1008);
});

test.each([
  ['another path', { path: '/event' }, 404],
  ['another subprotocol', { subprotocols: ['graphql-ws'] }, 400],
])('%s is not upgraded', async (_name, options, status) => {
  const { socket } = connect(options);
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(status);
});

const tooLong = `/counters/${'a'.repeat(51)}`;
test.each([
  ['counters/a'],
  ['/counters//a'],
  ['/counters/a/'],
  ['/counters/a_b'],
  ['/counters/-a'],
  ['/counters/a/b/c/d/e'],
  [tooLong],
  ['/default/a'],
  ['/'],
  [''],
  ['/counters/*'],
  ['/*'],
])('a subscription to %j is refused, and publishing to it as well', async (bad) => {
  const client = connect();
  expect(await subscribe(client, { id: '1', channel: bad })).toEqual({
    type: 'subscribe_error',
    id: '1',
    errors: [{ errorType: 'BadRequestException', message: expect.any(String) }],
  });
  expect((await publish({ channel: bad, events: ['1'] })).status).toBe(400);
});

test.each([
  ['/counters'],
  [`/counters/${'a'.repeat(50)}`],
  ['/counters/a/b/c/d'],
  ['/counters/a-b-2'],
])('a subscription to %j is taken', async (good) => {
  const reply = await subscribe(connect(), { id: '1', channel: good });
  expect(reply).toEqual({ type: 'subscribe_success', id: '1' });
});

test('a subscription needs the key, an unused id and room', async () => {
  const client = connect();
  const errorOf = async (message: Message) => {
    const reply = await subscribe(client, { channel, ...message });
    const [error] = (reply?.errors ?? []) as { errorType: string }[];
    return error?.errorType;
  };
  expect(await errorOf({ id: '1', authorization: {} })).toBe('UnauthorizedException');
  expect(await errorOf({ id: '1' })).toBeUndefined();
  expect(await errorOf({ id: '1' })).toBe('DuplicatedOperationError');
  for (let id = 2; id <= 100; id++) expect(await errorOf({ id: `${id}` })).toBeUndefined();
  expect(await errorOf({ id: '101' })).toBe('MaxSubscriptionsReachedError');
});

test('a client cannot publish', async () => {
  const [client, listener] = [connect(), connect()];
  await subscribe(listener, { id: '1', channel });
  const authorization = { 'x-api-key': apiKey };
  await client.init();
  await client.send({ type: 'publish', id: 'p', channel, events: ['1'], authorization });
  expect(await client.next()).toEqual({ type: 'publish_error', id: 'p', errors: [notAuthorized] });
  await publish({ channel, events: ['2'] });
  expect(await listener.next()).toMatchObject({ event: '2' });
});

test.each([['{'], ['[]'], ['{"type":"shout"}'], ['{"type":"subscribe","id":"1"}']])(
  'the message %s is answered with an error, and the connection stays',
  async (text) => {
    const client = connect();
    await client.send(text);
    const errors = [{ errorType: 'BadRequestException', message: expect.any(String) }];
    expect(await client.next()).toEqual({ type: 'error', errors });
    expect(await subscribe(client, { id: '1', channel })).toMatchObject({ id: '1' });
  },
);

test('a client whose message is too big is dropped', async () => {
  const client = connect();
  await client.send('x'.repeat(240 * 1024 + 1));
  expect(await client.closed).toBe(1009);
});

test('a client that does not read is dropped, and others go on', async () => {
  const accepted = once(server, 'upgrade');
  const slow = connect();
  const [, servedSlow] = (await accepted) as [unknown, Duplex];
  const quick = connect();
  await subscribe(slow, { id: '1', channel });
  await subscribe(quick, { id: '1', channel });
  slow.socket.pause();
  const event = JSON.stringify('x'.repeat(200_000));
  let published = 0;
  // The buffers of both ends of a connection take some megabytes first, on every machine others.
  while (!servedSlow.destroyed) {
    await publish({ channel, events: [event] });
    expect(await quick.next()).toMatchObject({ event });
    published++;
  }
  await publish({ channel, events: ['"more"'] });
  expect(await quick.next()).toMatchObject({ event: '"more"' });
  slow.socket.resume();
  expect(await slow.closed).toBe(1006);
  expect(slow.messages.length).toBeLessThan(2 + published);
});

test('connections are kept alive, and those that are dead are dropped', async () => {
  await stopServer();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await startServer();
  const [alive, dead] = [connect(), connect({ autoPong: false })];
  await Promise.all([alive, dead].map(({ socket }) => once(socket, 'open')));
  for (let minute = 0; minute < 4; minute++) {
    const pinged = once(alive.socket, 'ping');
    vi.advanceTimersByTime(60_000);
    await pinged;
    // Once this ping is answered, the server has seen the pong that was sent before.
    alive.socket.ping();
    await once(alive.socket, 'pong');
  }
  vi.useRealTimers();
  expect(await dead.closed).toBe(1006);
  expect(alive.messages).toEqual(Array.from({ length: 4 }, () => ({ type: 'ka' })));
  expect(alive.socket.readyState).toBe(WebSocket.OPEN);
});

test('a page that reaches the server by a name of its own may not listen', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/event/realtime`, ['aws-appsync-event-ws'], {
    headers: { host: 'attacker.example' },
  });
  const [error] = await once(socket, 'error');
  expect(error.message).toContain('421');
});

test('a connection that names a foreign host is refused, as AppSync does', async () => {
  const { next, closed } = connect({
    authorization: { host: 'attacker.example', 'x-api-key': apiKey },
  });
  expect(await next()).toMatchObject({ type: 'connection_error', errors: [{ errorCode: 401 }] });
  expect(await closed).toBe(1008);
});

test('listeners are told that the server goes', async () => {
  const client = connect();
  await subscribe(client, { id: '1', channel });
  live.close();
  expect(await client.closed).toBe(1001);
});

/** What any program on the machine can write: the right access key id, and no secret. */
const forged =
  'AWS4-HMAC-SHA256 Credential=local/20261121/local/appsync/aws4_request, SignedHeaders=host, Signature=00';
test.each([
  ['without a signature', { authorization: '' }],
  ['with the API key', { authorization: '', 'x-api-key': apiKey }],
  ['with a forged signature', { authorization: forged }],
  ['of long ago', { 'x-amz-date': '20201121T093000Z' }],
])('publishing %s is refused', async (_name, headers) => {
  const answer = await publish({ channel, events: ['1'] }, headers);
  expect(answer).toEqual({ status: 401, body: { errors: [notAuthorized] } });
});

const largest = JSON.stringify('x'.repeat(240 * 1024 - 2));
test.each([
  ['no JSON', 'channel=a'],
  ['no channel', { events: ['1'] }],
  ['no events', { channel, events: [] }],
  ['six events', { channel, events: ['1', '2', '3', '4', '5', '6'] }],
  ['an event that is not JSON', { channel, events: ['{'] }],
  ['an event that is not text', { channel, events: [1] }],
  ['an event over 240 KB', { channel, events: [`${largest} `] }],
])('publishing %s is refused', async (_name, body) => {
  const answer = await publish(body);
  expect(answer).toMatchObject({
    status: 400,
    body: { errors: [{ errorType: 'BadRequestException' }] },
  });
});

test('five events of 240 KB can be published', async () => {
  const client = connect();
  await subscribe(client, { id: '1', channel });
  const events = Array.from({ length: 5 }, () => largest);
  expect((await publish({ channel, events })).status).toBe(200);
  for (const event of events) expect(await client.next()).toMatchObject({ event });
});
