/**
 * Compares every answer of a handler with the OpenAPI document, whatever the test is about. What
 * deviates is remembered, and fails the test at its end (`no-deviations.ts`), because a handler that
 * throws would only be one more answer.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpHandler } from '../../../functions/http/http-function.ts';
import type { HttpResponse } from '../../../functions/http/responses.ts';
import { createContract, type Exchange, type OpenApiDocument } from './answer-contract.ts';

const file = join(import.meta.dirname, '../../../functions/pages/openapi.json');

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const contract = once(() =>
  createContract(JSON.parse(readFileSync(file, 'utf8')) as OpenApiDocument),
);

const deviations = new Set<string>();

/** What deviated since the last time. */
export function takeDeviations(): string[] {
  const taken = [...deviations];
  deviations.clear();
  return taken;
}

function noteExchange(exchange: Exchange): void {
  const { method, path, status } = exchange;
  for (const deviation of contract()(exchange)) {
    deviations.add(`${method} ${path} → ${status}: ${deviation}`);
  }
}

export const watchHandler = (handler: HttpHandler): HttpHandler =>
  new Proxy(handler, {
    async apply(target, self, args: Parameters<HttpHandler>) {
      const response: HttpResponse = await Reflect.apply(target, self, args);
      noteExchange(exchangeOf(args[0], response));
      return response;
    },
  });

function exchangeOf(event: APIGatewayProxyEventV2, response: HttpResponse): Exchange {
  const { body = '', isBase64Encoded } = event;
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method: event.requestContext.http.method,
    path: event.rawPath,
    query: event.queryStringParameters ?? {},
    requestHeaders: event.headers,
    requestBody: plainBody({ body, isBase64Encoded }, event.headers['content-encoding']),
    status: response.statusCode,
    headers,
    body: plainBody(response, headers['content-encoding']),
  };
}

function plainBody(
  { body = '', isBase64Encoded = false }: Pick<HttpResponse, 'body' | 'isBase64Encoded'>,
  encoding = '',
): string {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return (decoders[encoding.toLowerCase()] ?? asItIs)(bytes).toString('utf8');
}

const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  gzip: gunzip,
  'x-gzip': gunzip,
};

const asItIs = (bytes: Buffer): Buffer => bytes;

/** What is not packed as it says is refused; then it does not matter here. */
function gunzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    return bytes;
  }
}
