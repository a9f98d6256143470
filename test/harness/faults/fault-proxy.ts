import { randomUUID } from 'node:crypto';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createGate,
  createRule,
  type Fault,
  type Gate,
  type Injection,
  type Match,
  type Rule,
} from './fault-rules.ts';
import {
  conflicted,
  internalServerError,
  type JsonObject,
  requestThrottled,
  throttled,
  type WireReply,
} from './wire-errors.ts';

/**
 * An HTTP proxy in front of DynamoDB that makes the faults an engine on a laptop never makes: throttles,
 * conflicts, replies that get lost after the write. The code under test only sees another endpoint; the
 * SDK, its retries and its exceptions are the real ones. Without rules it passes everything on.
 *
 * Every request goes through the gates first and then meets the oldest rule that hits it, if any.
 */
export interface FaultProxy {
  readonly endpoint: string;
  /** Every request since the start or the last `forget`, in the order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** How many requests, of one operation or all, were passed on to the engine: the round trips paid for. */
  forwarded(operation?: string): number;
  forget(): void;
  inject(fault: Fault): Injection;
  /** Parks requests on their way to the engine (`request`, nothing written yet) or replies on their way back. */
  hold(match: Match & { readonly side?: 'request' | 'reply' }): Gate;
  stop(): Promise<void>;
}

export interface RecordedRequest {
  readonly operation: string;
  readonly body: JsonObject;
  fault?: Fault['effect'];
  /** Whether the engine got it. */
  forwarded: boolean;
  /** The engine's status, also where the caller never saw it. */
  status?: number;
  /** As the engine counted it, when the request asked for it. */
  consumedCapacity?: unknown;
}

export interface FaultProxyOptions {
  /** The engine's endpoint. */
  readonly upstream: string;
  /** Drives rules with a rate; give it a seed, so that a failure can be repeated. */
  readonly random?: () => number;
}

interface Hold {
  readonly side: 'request' | 'reply';
  readonly gate: ReturnType<typeof createGate>;
}

export async function startFaultProxy({
  upstream,
  random,
}: FaultProxyOptions): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const requests: RecordedRequest[] = [];
  const faults = new Set<Rule<Fault>>();
  const holds = new Set<Rule<Hold>>();

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const payload = await readAll(incoming);
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    const body = parse(payload);
    const record: RecordedRequest = { operation, body, forwarded: false };
    requests.push(record);

    const parkedBy = [...holds]
      .filter((rule) => rule.hit(operation, body))
      .map((rule) => rule.payload);
    for (const { side, gate } of parkedBy) if (side === 'request') await gate.pass();
    const fault = [...faults].find((rule) => rule.hit(operation, body))?.payload;
    if (fault !== undefined) record.fault = fault.effect;

    const send = async (content: string): Promise<WireReply> => {
      record.forwarded = true;
      const reply = await forward({ upstream, agent, incoming, content });
      record.status = reply.status;
      if (body.ReturnConsumedCapacity !== undefined) {
        record.consumedCapacity = parse(reply.body).ConsumedCapacity;
      }
      for (const { side, gate } of parkedBy) if (side === 'reply') await gate.pass();
      return reply;
    };
    const reply =
      fault === undefined
        ? await send(payload)
        : await applyFault({ fault, record, payload, send });
    if (reply === 'disconnect') response.destroy();
    else answer(response, reply);
  }

  const server = createServer((incoming, response) => {
    // An engine that is gone looks the same from here as from the SDK: a broken connection.
    handle(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    forwarded: (operation) =>
      requests.filter((it) => it.forwarded && (operation ?? it.operation) === it.operation).length,
    forget: () => void requests.splice(0),
    inject(fault) {
      const rule = createRule({
        match: fault,
        payload: fault,
        random,
        onRemove: () => faults.delete(rule),
      });
      faults.add(rule);
      return rule;
    },
    hold({ side = 'request', ...match }) {
      const gate = createGate({ onOpen: () => rule.remove() });
      const rule = createRule<Hold>({
        match,
        payload: { side, gate },
        random,
        onRemove: () => holds.delete(rule),
      });
      holds.add(rule);
      return gate;
    },
    async stop() {
      for (const rule of holds) rule.payload.gate.open();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      agent.destroy();
    },
  };
}

interface FaultedRequest {
  readonly fault: Fault;
  readonly record: RecordedRequest;
  readonly payload: string;
  readonly send: (content: string) => Promise<WireReply>;
}

async function applyFault({
  fault,
  record,
  payload,
  send,
}: FaultedRequest): Promise<WireReply | 'disconnect'> {
  const { operation, body } = record;
  const { effect, culprit = 0 } = fault;
  switch (effect) {
    case 'throttle':
      return throttled(operation, body, culprit);
    case 'throttle request':
      return requestThrottled();
    case 'conflict':
      return conflicted(operation, body, culprit);
    case 'server error before commit':
      return internalServerError();
    case 'drop before commit':
      return 'disconnect';
    case 'error after commit':
      await send(payload);
      return internalServerError();
    case 'lose reply':
      await send(payload);
      return 'disconnect';
    case 'unprocessed':
      return sendHalf(body, send);
  }
}

type RequestedKeys = Record<string, { readonly Keys: readonly unknown[] }>;

/** A table's projection and consistency belong to its unprocessed keys too: the reply is the next request. */
async function sendHalf(body: JsonObject, send: FaultedRequest['send']): Promise<WireReply> {
  const asked = body.RequestItems as RequestedKeys;
  const kept: RequestedKeys = {};
  const unprocessed: RequestedKeys = {};
  for (const [table, part] of Object.entries(asked)) {
    const middle = Math.ceil(part.Keys.length / 2);
    kept[table] = { ...part, Keys: part.Keys.slice(0, middle) };
    if (middle < part.Keys.length) unprocessed[table] = { ...part, Keys: part.Keys.slice(middle) };
  }
  const reply = await send(JSON.stringify({ ...body, RequestItems: kept }));
  if (reply.status !== 200) return reply;
  return {
    status: 200,
    body: JSON.stringify({ ...parse(reply.body), UnprocessedKeys: unprocessed }),
  };
}

interface Forwarding {
  readonly upstream: string;
  readonly agent: Agent;
  readonly incoming: IncomingMessage;
  readonly content: string;
}

function forward({ upstream, agent, incoming, content }: Forwarding): Promise<WireReply> {
  // The reply is read as text, so it must not come compressed.
  const { host: _, connection: __, 'accept-encoding': ___, ...headers } = incoming.headers;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(incoming.url ?? '/', upstream),
      {
        agent,
        method: incoming.method ?? 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(content) },
      },
      (reply) => {
        readAll(reply).then((body) => resolve({ status: reply.statusCode ?? 500, body }), reject);
      },
    );
    outgoing.on('error', reject).end(content);
  });
}

function answer(response: ServerResponse, { status, body }: WireReply): void {
  response
    .writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
      'x-amzn-requestid': randomUUID(),
    })
    .end(body);
}

async function readAll(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): JsonObject {
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
}
