/**
 * An HTTP proxy in front of DynamoDB that asks for the consumed capacity of every request and adds
 * it up. DynamoDB Local counts single operations as AWS bills them.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Consumed {
  readonly writeUnits: number;
}

export interface CapacityMeter {
  readonly endpoint: string;
  /** Requests since the last `take`, by operation and what they said. */
  readonly requests: readonly MeteredRequest[];
  /** What was consumed since the last `take`. */
  take(): Consumed;
  stop(): Promise<void>;
}

type WireBody = Readonly<Record<string, unknown>>;
interface MeteredRequest {
  readonly operation: string;
  readonly body: WireBody;
}
interface Reply {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

const isWrite = (operation: string) => /^(?:Put|Update|Delete)Item$/.test(operation);

export async function startCapacityMeter(upstream: string): Promise<CapacityMeter> {
  const requests: MeteredRequest[] = [];
  let writeUnits = 0;

  async function forward(incoming: IncomingMessage) {
    const target = String(incoming.headers['x-amz-target']);
    const operation = target.split('.').at(-1) ?? '';
    const body = JSON.parse((await buffer(incoming)).toString()) as WireBody;
    requests.push({ operation, body });
    const response = await fetch(upstream, {
      method: 'POST',
      headers: {
        'x-amz-target': target,
        'content-type': 'application/x-amz-json-1.0',
        authorization: incoming.headers.authorization ?? '',
        'x-amz-date': String(incoming.headers['x-amz-date']),
      },
      body: JSON.stringify({ ...body, ReturnConsumedCapacity: 'TOTAL' }),
    });
    const text = await response.text();
    if (isWrite(operation)) {
      const { ConsumedCapacity } = JSON.parse(text) as Reply;
      // A failed condition is billed as the write would have been, but the engine does not say so.
      writeUnits += response.ok ? (ConsumedCapacity?.CapacityUnits ?? Number.NaN) : 1;
    }
    return { status: response.status, text };
  }

  const server = createServer((incoming, response) => {
    forward(incoming).then(
      ({ status, text }) =>
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(text),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    take() {
      const taken = { writeUnits };
      requests.splice(0);
      writeUnits = 0;
      return taken;
    },
    async stop() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}
