/** What the local server does before a handler sees the request. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createHttpServer,
  type HttpHandlers,
  type HttpServer,
} from '../../../local/http-server.ts';
import { ownHosts } from '../../../local/own-hosts.ts';

let http: HttpServer;
let port: number;

beforeEach(async () => {
  http = createHttpServer(ownHosts(['tally.test']));
  http.server.listen(0, '127.0.0.1');
  await once(http.server, 'listening');
  ({ port } = http.server.address() as AddressInfo);
});

afterEach(() => {
  http.server.closeAllConnections();
  http.server.close();
});

/** @param target goes into the request line as it is */
async function get(target: string, headers: Record<string, string> = {}) {
  const outgoing = httpRequest({
    port,
    host: '127.0.0.1',
    path: target,
    headers,
    agent: false,
  }).end();
  const [response] = await once(outgoing, 'response');
  return { status: response.statusCode, headers: response.headers, body: await json(response) };
}

test('while it starts, every path is answered by a problem that says when to come back', async () => {
  const { status, headers, body } = await get('/v1/health');
  expect(status).toBe(503);
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json',
    'retry-after': '1',
  });
  expect(body).toMatchObject({ status: 503, code: 'unavailable' });
});

test.each(['attacker.example', `attacker.example:8787`, 'localhost.attacker.example'])(
  'a page that reaches the server by the name %s is refused',
  async (host) => {
    const { status, body } = await get('/v1/post-42/counter', { host });
    expect(status).toBe(421);
    expect(body).toMatchObject({ status: 421, code: 'unknown_host' });
  },
);

test.each([
  ['http://localhost:9101/v1/post-42/counter', '/v1/post-42/counter', ''],
  ['HTTPS://tally.test/v1/a/b?window=day&x=?', '/v1/a/b', 'window=day&x=?'],
  ['http://localhost', '/', ''],
  ['http://localhost?x=1', '/', 'x=1'],
  ['/v1/a/http://b', '/v1/a/http://b', ''],
  ['//b/c', '//b/c', ''],
])('the target %s, as through a proxy, is the path %s', async (target, rawPath, rawQueryString) => {
  const handler = async ({ rawPath: path, rawQueryString: query }: APIGatewayProxyEventV2) => ({
    statusCode: 200,
    headers: {},
    body: JSON.stringify({ path, query }),
  });
  const handlers = { read: handler, write: handler, site: handler } as unknown as HttpHandlers;
  http.serve({ handlers, live: { publish: async () => ({ statusCode: 500, headers: {} }) } });
  expect((await get(target)).body).toEqual({ path: rawPath, query: rawQueryString });
});

test('HEAD has the headers of GET, its length among them, and no body', async () => {
  const handler = async () => ({
    statusCode: 200,
    headers: { 'content-type': 'application/json', etag: 'W/"x"' },
    body: '{"count":29}',
  });
  const handlers = { read: handler, write: handler, site: handler } as unknown as HttpHandlers;
  http.serve({ handlers, live: { publish: async () => ({ statusCode: 500, headers: {} }) } });
  const send = async (method: string) => {
    const target = { port, host: '127.0.0.1', path: '/v1/a/likes', method, agent: false };
    const [response] = await once(httpRequest(target).end(), 'response');
    const { date: _, ...headers } = response.headers;
    return { headers, body: await text(response) };
  };
  const whole = await send('GET');
  expect(whole).toMatchObject({ headers: { 'content-length': '12' }, body: '{"count":29}' });
  expect(await send('HEAD')).toEqual({ ...whole, body: '' });
});

test.each([
  ['/v1/ana%40example.com/likes', 'read', '/v1/ana@example.com/likes'],
  ['/v1/a%2Fb/live', 'read', '/v1/a/b/live'],
  ['/v1/a/b/live', 'write', '/v1/a/b/live'],
  ['/v1/a%zz/likes', 'read', '/v1/a%zz/likes'],
])(
  'as by API Gateway, %s goes to the function of its path as sent, which gets it decoded',
  async (target, name, rawPath) => {
    const handlerOf = (served: string) => async (event: APIGatewayProxyEventV2) => ({
      statusCode: 200,
      headers: {},
      body: JSON.stringify({ served, path: event.rawPath }),
    });
    const handlers = {
      read: handlerOf('read'),
      write: handlerOf('write'),
      site: handlerOf('site'),
    } as unknown as HttpHandlers;
    http.serve({ handlers, live: { publish: async () => ({ statusCode: 500, headers: {} }) } });
    expect((await get(target)).body).toEqual({ served: name, path: rawPath });
  },
);
