/**
 * Stands in for API Gateway on a laptop: turns HTTP requests into payload 2.0 events for the handlers
 * that Lambda runs, and turns their answers back into HTTP. The same route table says which handler gets
 * a request. It decides nothing else, except that requests for AppSync go to the live server, which
 * shares the port.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import pLimit, { type LimitFunction } from 'p-limit';
import type { HttpHandler } from '../functions/http/http-function.ts';
import { matchRoute } from '../functions/http/match-route.ts';
import { Problem } from '../functions/http/problem.ts';
import { type HttpResponse, problem } from '../functions/http/responses.ts';
import { defaultFunction, type FunctionName } from '../functions/http/routes.ts';
import { type LiveServer, livePaths } from './live-server.ts';
import { foreignHost, type IsOwnHost } from './own-hosts.ts';

/** API Gateway refuses larger bodies. */
const bodyBytesMax = 10 * 1024 * 1024;
/** What a function gets in AWS; handlers read it, so that they answer in time. */
const functionTimeoutMs = 29_000;
/** DynamoDB Local keeps up with so many; the rest of a burst waits here instead of timing out there. */
const handlersAtOnce = 64;

export type HttpHandlers = Readonly<Record<FunctionName, HttpHandler>>;

export interface Services {
  readonly handlers: HttpHandlers;
  readonly live: Pick<LiveServer, 'publish'>;
}

export interface HttpServer {
  /** Does not listen yet: the caller chooses the port, and when to stop. */
  readonly server: Server;
  /** Until it is called, every request gets 503: handlers are loaded once the port is known. */
  readonly serve: (services: Services) => void;
}

/** @param isOwnHost other hosts are refused; see `own-hosts.ts` */
export function createHttpServer(isOwnHost: IsOwnHost): HttpServer {
  let services: Services | undefined;
  const limit = pLimit(handlersAtOnce);
  const server = createServer({ shouldUpgradeCallback: isWebSocket }, (request, response) => {
    if (!isOwnHost(request.headers.host)) {
      send(response, foreignHost);
      return;
    }
    respond(services, limit, request, response).catch((error: unknown) => {
      // A client that breaks off in the middle of a body does not wait for an answer.
      if (request.destroyed && !request.complete) return;
      console.error('a handler broke:', error);
      if (response.headersSent) response.destroy();
      else send(response, gatewayAnswer(500, 'Internal Server Error'));
    });
  });
  return {
    server,
    serve(ready) {
      services = ready;
    },
  };
}

/** Other upgrades, such as curl's offer of HTTP/2, get an ordinary answer. */
const isWebSocket = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket';

async function respond(
  services: Services | undefined,
  limit: LimitFunction,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === 'too large') {
    response.setHeader('connection', 'close');
    return send(response, gatewayAnswer(413, 'Request Entity Too Large'));
  }
  if (services === undefined) return send(response, starting);
  const { handlers, live } = services;
  const event = toEvent(request, body);
  const { method } = event.requestContext.http;
  if (method === 'POST' && event.rawPath === livePaths.publish) {
    return send(response, await live.publish(request, body));
  }
  // API Gateway chooses the function by the path as it was sent, and hands it over decoded.
  const match = matchRoute(method, pathOf(request));
  const name = match.found === 'route' ? match.route.servedBy : defaultFunction;
  send(response, await limit(() => handlers[name](event, lambdaContext(name))));
}

async function readBody(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyBytesMax) return 'too large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toEvent(request: IncomingMessage, body: Buffer): APIGatewayProxyEventV2 {
  const rawPath = decode(pathOf(request));
  const rawQueryString = targetOf(request).split('?').slice(1).join('?');
  const { method = 'GET' } = request;
  const atMs = Date.now();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: joinValues(Object.entries(request.headersDistinct)),
    queryStringParameters: queryOf(rawQueryString),
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: request.headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: new Date(atMs).toISOString(),
      timeEpoch: atMs,
    },
    // API Gateway does this with every body whose type does not say that it is text.
    ...(body.length > 0 ? { body: body.toString('base64') } : {}),
    isBase64Encoded: body.length > 0,
  };
}

/** A proxy may send scheme and host as well (RFC 9112, section 3.2.2). */
const targetOf = ({ url = '' }: IncomingMessage): string => url.replace(/^https?:\/\/[^/?]*/i, '');

const pathOf = (request: IncomingMessage): string => targetOf(request).split('?')[0] || '/';

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function queryOf(rawQueryString: string): Record<string, string> {
  const parameters = new URLSearchParams(rawQueryString);
  return joinValues([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
}

/** API Gateway joins the values of a repeated name with commas. */
function joinValues(
  entries: Iterable<[string, readonly string[] | undefined]>,
): Record<string, string> {
  return Object.fromEntries([...entries].map(([name, values]) => [name, values?.join(',') ?? '']));
}

function lambdaContext(functionName: string): Context {
  const endsAtMs = Date.now() + functionTimeoutMs;
  return {
    awsRequestId: randomUUID(),
    callbackWaitsForEmptyEventLoop: false,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${functionName}`,
    logGroupName: 'local',
    logStreamName: 'local',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => endsAtMs - Date.now(),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}

const starting = problem(new Problem('unavailable', 'Tally is starting; nothing was changed.'));

const gatewayAnswer = (statusCode: number, message: string): HttpResponse => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
});

function send(response: ServerResponse, answer: HttpResponse): void {
  const body = Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8');
  response.writeHead(answer.statusCode, {
    ...answer.headers,
    ...(answer.statusCode === 204 || answer.statusCode === 304
      ? {}
      : { 'content-length': body.length }),
  });
  response.end(body);
}
