/**
 * Whatever bytes come in, the local server answers valid HTTP, never breaks, and counts exactly what
 * it said it counted.
 */
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProblemCode, problemKinds } from '../../../functions/http/problems.ts';
import { createHttpServer } from '../../../local/http-server.ts';
import { attachLiveServer } from '../../../local/live-server.ts';
import { ownHosts } from '../../../local/own-hosts.ts';
import { engineAccess } from '../../harness/engine/test-engine.ts';
import { parseHttpAnswers } from '../../harness/http/http-answers.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let port: number;
const isOwnHost = ownHosts(['test', 'other']);
const http = createHttpServer(isOwnHost);

beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: {
      counter: { kind: 'count', access: open },
      likes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: open },
      stock: { kind: 'count', bounds: { min: 0 }, access: open },
      secret: { kind: 'count', access: keyed },
    },
  });
  const live = attachLiveServer(http.server, {
    apiKey: 'listen',
    publisher: engineAccess,
    isOwnHost,
  });
  http.serve({ handlers: tally.handlers, live });
  await new Promise<void>((resolve) => http.server.listen(0, '127.0.0.1', resolve));
  port = (http.server.address() as AddressInfo).port;
});

afterAll(() => {
  http.server.closeAllConnections();
  http.server.close();
});

const subjects = ['a', 'b~1', 'c:2.3'];
const shown = ['counter', 'likes', 'views', 'stock'];
const noise = fc.oneof(
  fc.constantFrom('', '/', '..', '%', '%00', '%2e', '%zz', '%C3%28', '__proto__', 'constructor'),
  fc.webSegment(),
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  }),
);

const path = fc.oneof(
  fc
    .tuple(fc.constantFrom(...subjects), fc.constantFrom(...shown, 'secret', 'nothing'))
    .map(([subject, counter]) => `/v1/${subject}/${counter}`),
  fc.constantFrom(...subjects).map((subject) => `/${subject}/counter`),
  fc.array(noise, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`),
  fc.constantFrom('/v1/batch', '/v1/health', '/docs', '/openapi.json', '/event', '/assets/x', '*'),
);

const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '?consistent=true',
      '?window=day',
      '?window=all&window=day',
      '?consistent=%',
      '?__proto__=1&constructor=2',
      '?&&==&=?',
    ),
  },
);

const method = fc.oneof(
  { weight: 5, arbitrary: fc.constant('PUT') },
  { weight: 2, arbitrary: fc.constant('GET') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'M-SEARCH'),
  },
);

const headerValue = fc.oneof(
  fc.constantFrom('', ',', '*', '*/*;q=2', 'text/html', 'br;q=x', '__proto__', '"', 'a, b', '\t'),
  fc
    .uint8Array({ maxLength: 40 })
    .map((bytes) => String.fromCharCode(...bytes).replace(/[^\t\x20-\x7e\x80-\xff]/g, '')),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'accept',
    'accept-encoding',
    'accept-language',
    'authorization',
    'cache-control',
    'content-type',
    'cookie',
    'idempotency-key',
    'if-none-match',
    'origin',
    'prefer',
    'range',
    'user-agent',
    'x-amz-date',
    '__proto__',
    'constructor',
  ),
  headerValue,
  { maxKeys: 4 },
);

const validBody = fc.record(
  {
    action: fc.constantFrom('increment', 'decrement'),
    amount: fc.integer({ min: 1, max: 1000 }),
  },
  { requiredKeys: ['action'] },
);
/** A valid body with some bytes changed, cut off or put in. */
const mutatedBody = fc
  .tuple(validBody, fc.nat(60), fc.nat(3), fc.uint8Array({ maxLength: 3 }))
  .map(([body, at, cut, put]) => {
    const bytes = Buffer.from(JSON.stringify(body));
    return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
  });
const body = fc.oneof(
  { weight: 4, arbitrary: validBody.map((it) => Buffer.from(JSON.stringify(it))) },
  { weight: 3, arbitrary: mutatedBody },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
);

interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const hostileRequest: fc.Arbitrary<HostileRequest> = fc
  .record({ method, path, query, headers, body })
  .map(({ query: search, path: pathname, ...rest }) => ({ ...rest, path: pathname + search }));

interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function send({ body: content, ...request }: HostileRequest): Promise<HttpAnswer> {
  // Node leaves the length out for methods that have no body, and the body would be the next request.
  const framed = { ...request.headers, 'content-length': content.length };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { ...request, headers: framed, port, host: '127.0.0.1', agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject).end(content);
  });
}

/** What a change adds, if it was accepted and not seen before. */
function countedAmount(request: HostileRequest, answer: HttpAnswer): number {
  const isAccepted = answer.status === 200 || answer.status === 204;
  const isChange = request.method === 'PUT' || request.method === 'POST';
  if (!isChange || !isAccepted || 'idempotency-replayed' in answer.headers) return 0;
  const { action, amount = 1 } = JSON.parse(request.body.toString()) as {
    action: string;
    amount?: number;
  };
  return action === 'increment' ? amount : -amount;
}

function expectProblem(answer: HttpAnswer): void {
  expect(answer.headers['content-type']).toBe('application/problem+json');
  const { code, status } = JSON.parse(answer.text) as { code: ProblemCode; status: number };
  expect(problemKinds).toHaveProperty(code);
  expect(problemKinds[code].status).toBe(answer.status);
  expect(status).toBe(answer.status);
}

async function totalCount(): Promise<number> {
  await tally.settle();
  const answers = await Promise.all(
    subjects.flatMap((subject) =>
      shown.map((counter) => tally.read(`${subject}/${counter}`, { consistent: 'true' })),
    ),
  );
  return answers.reduce((sum, answer) => sum + (answer.body as { count: number }).count, 0);
}

test('every request gets an answer that is documented, and counts exactly if it was accepted', async () => {
  let expected = 0;
  await fc.assert(
    fc.asyncProperty(hostileRequest, async (request) => {
      const answer = await send(request);
      expected += countedAmount(request, answer);
      expect(answer.status).toBeGreaterThanOrEqual(200);
      expect(answer.status).toBeLessThan(500);
      // AppSync's publishing endpoint shares the port and answers in its own words.
      if (answer.status >= 400 && !request.path.startsWith('/event')) expectProblem(answer);
    }),
    { numRuns: 1500 },
  );
  expect(tally.errors).toEqual([]);
  expect(await totalCount()).toBe(expected);
});

/** Ends every connection. Whatever is left of a broken request before it, this one is the last. */
const lastRequest = 'GET /v1/health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';

/** Sends bytes as they are and collects what comes back until the server closes. */
function sendRaw(bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(Buffer.concat([bytes, Buffer.from(lastRequest)]));
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    // A server may reset the connection of a client that sends nonsense; what it said until then counts.
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

const requestLine = fc.oneof(
  fc.constant('PUT /v1/raw/likes HTTP/1.1'),
  fc.constantFrom(
    'PUT /v1/raw/likes HTTP/1.0',
    'PUT /v1/raw/likes HTTP/9.9',
    'PUT /v1/raw/likes',
    'PUT  /v1/raw/likes  HTTP/1.1',
    'CONNECT raw:80 HTTP/1.1',
    'GET http://raw/v1/raw/likes HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'PRI * HTTP/2.0',
    '\x16\x03\x01',
  ),
);
const rawHeader = fc.oneof(
  fc.constantFrom(
    'Host: test',
    'Host: test\r\nHost: other',
    'Content-Length: 22',
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Content-Length: 5\r\nContent-Length: 6',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked, identity',
    'Connection: close',
    'Connection: Upgrade\r\nUpgrade: websocket',
    'Expect: 100-continue',
    'Expect: nonsense',
    'Idempotency-Key: a\r\nIdempotency-Key: b',
    ' folded: header',
    'no colon',
    ': no name',
    `X-Long: ${'x'.repeat(20_000)}`,
  ),
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);
const usualHeaders = ['Host: test', 'Content-Length: 22'];
const rawHeaders = fc
  .tuple(
    fc.oneof(fc.constant(usualHeaders), fc.subarray(usualHeaders)),
    fc.array(rawHeader, { maxLength: 2 }),
  )
  .map(([usual, others]) => [...usual, ...others]);
const rawBody = fc.oneof(
  fc.constant('{"action":"increment"}'),
  fc.constantFrom(
    '16\r\n{"action":"increment"}\r\n0\r\n\r\n',
    'fffffffffffffffff\r\n{',
    '-1\r\n\r\n',
    '',
  ),
);

test('bytes that are not HTTP are answered by HTTP or not at all, and what was accepted is counted', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(requestLine, rawHeaders, rawBody, async (line, lines, content) => {
      const text = `${[line, ...lines].join('\r\n')}\r\n\r\n${content}`;
      const answers = parseHttpAnswers(await sendRaw(Buffer.from(text, 'latin1')));
      for (const { status, text: said } of answers) {
        if (status === 200 && said.includes('"count"') && /^(?:PUT|POST)/.test(line)) accepted++;
        expect(status).not.toBe(500);
      }
    }),
    { numRuns: 500 },
  );
  expect(tally.errors).toEqual([]);
  // More may be counted: a connection that breaks off after a request takes the answer with it.
  const counted = Number((await tally.cell({ subject: 'raw', counter: 'likes' }))?.n ?? 0);
  expect(accepted).toBeGreaterThan(0);
  expect(counted).toBeGreaterThanOrEqual(accepted);
});

test.each(['h2c', 'TLS/1.2', 'nonsense'])(
  'a client that offers to go on in %s is answered in HTTP/1.1',
  async (upgrade) => {
    const answer = await send({
      method: 'PUT',
      path: `/v1/upgrade/likes`,
      headers: { connection: 'Upgrade', upgrade, 'idempotency-key': upgrade },
      body: Buffer.from('{"action":"increment"}'),
    });
    expect(answer.status).toBe(200);
  },
);

test('the server still serves', async () => {
  const answer = await send({
    method: 'PUT',
    path: '/v1/after/likes',
    headers: {},
    body: Buffer.from('{"action":"increment"}'),
  });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ count: 1 });
});
