/**
 * Stands in for AppSync Events: clients listen over a WebSocket at `/event/realtime`, and the stream
 * function publishes with `POST /event`. Both use the messages of the real service.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { type WebSocket, WebSocketServer } from 'ws';
import { type HttpResponse, json } from '../functions/http/responses.ts';
import type { EngineAccess } from './engine-access.ts';
import { type LiveConnection, serveConnection } from './live-connection.ts';
import {
  type Authorization,
  badRequest,
  checkChannel,
  findAuthorization,
  type LiveError,
  liveSubprotocol,
  unauthorized,
} from './live-messages.ts';
import type { IsOwnHost } from './own-hosts.ts';
import { createSignatureCheck } from './signature-check.ts';

export const livePaths = { publish: '/event', realtime: '/event/realtime' } as const;

/** AppSync's limits: on one event, on the events of one request, and on a client's message. */
const eventBytesMax = 240 * 1024;
const eventsMax = 5;
const messageBytesMax = 240 * 1024;
const keepAliveMs = 60_000;
/** How long clients may take to close when the server stops. */
const closeGraceMs = 1_000;
/** RFC 6455: refused by policy, and going away. AWS documents no codes of its own. */
const closeCodes = { refused: 1008, goingAway: 1001 } as const;

export interface LiveCredentials {
  /** The API key that clients listen with. */
  readonly apiKey: string;
  /** What a publisher signs with. */
  readonly publisher: EngineAccess;
}

export interface LiveServerOptions extends LiveCredentials {
  /** Other hosts are refused; see `own-hosts.ts`. */
  readonly isOwnHost: IsOwnHost;
}

export interface LiveServer {
  /** Answers `POST /event`. */
  publish(request: IncomingMessage, body: Buffer): Promise<HttpResponse>;
  /** Closes all connections; the HTTP server cannot close before that. */
  close(): void;
}

const publishSchema = v.object({
  channel: v.string(),
  events: v.pipe(
    v.array(v.pipe(v.string(), v.maxBytes(eventBytesMax), v.check(isJson))),
    v.minLength(1),
    v.maxLength(eventsMax),
  ),
});

export function attachLiveServer(server: Server, options: LiveServerOptions): LiveServer {
  const connections = new Map<WebSocket, LiveConnection>();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    handleProtocols: () => liveSubprotocol,
  });
  const isSigned = createSignatureCheck({
    service: 'appsync',
    access: options.publisher,
    now: Date.now,
  });
  const isAllowed = (authorization: Authorization) => authorization['x-api-key'] === options.apiKey;

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
    if (!options.isOwnHost(request.headers.host)) {
      return refuseUpgrade(socket, '421 Misdirected Request');
    }
    if (pathOf(request) !== livePaths.realtime) return refuseUpgrade(socket, '404 Not Found');
    if (!offered.includes(liveSubprotocol)) return refuseUpgrade(socket, '400 Bad Request');
    sockets.handleUpgrade(request, socket, head, (client) => {
      connect(client, findAuthorization(offered));
    });
  });

  function connect(client: WebSocket, authorization: Authorization): void {
    // Without a listener, a client's broken frame would end the process; ws itself drops the client.
    client.on('error', () => {});
    // AppSync also demands the host of its HTTP endpoint, so a client must not leave it out.
    if (!isAllowed(authorization) || !isHost(authorization.host)) {
      const error: LiveError = { ...unauthorized, errorCode: 401 };
      client.send(JSON.stringify({ type: 'connection_error', errors: [error] }));
      client.close(closeCodes.refused);
      return;
    }
    connections.set(client, serveConnection(client, isAllowed));
    client.on('close', () => connections.delete(client));
  }

  const keepingAlive = setInterval(() => {
    for (const connection of connections.values()) connection.keepAlive();
  }, keepAliveMs).unref();

  function isHost(host: unknown): boolean {
    return typeof host === 'string' && options.isOwnHost(host);
  }

  /** In AWS only the stream function's role may publish. Here it signs with the engine's credentials. */
  async function publish(request: IncomingMessage, body: Buffer): Promise<HttpResponse> {
    const { headers } = request;
    const signed = { method: 'POST', path: livePaths.publish, headers, body };
    if (!(await isSigned(signed))) return refusal(401, unauthorized);
    const parsed = v.safeParse(publishSchema, parseBody(body));
    if (!parsed.success) {
      return refusal(400, badRequest('A channel and one to five events of JSON text are needed.'));
    }
    const { channel, events } = parsed.output;
    const error = checkChannel(channel);
    if (error) return refusal(400, error);
    for (const event of events) {
      for (const connection of connections.values()) connection.publish(channel, event);
    }
    const successful = events.map((_, index) => ({ identifier: randomUUID(), index }));
    return json(200, { failed: [], successful });
  }

  function close(): void {
    clearInterval(keepingAlive);
    for (const client of sockets.clients) {
      client.close(closeCodes.goingAway);
      setTimeout(() => client.terminate(), closeGraceMs).unref();
    }
  }

  return { publish, close };
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const refusal = (status: number, error: LiveError): HttpResponse =>
  json(status, { errors: [error] });

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

function parseBody(body: Buffer): unknown {
  return isJson(body.toString()) ? JSON.parse(body.toString()) : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
