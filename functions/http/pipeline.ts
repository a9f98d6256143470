/**
 * One middy pipeline for every HTTP function: negotiate, answer, then CORS, ETag and compression on
 * the way out.
 */

import { constants } from 'node:zlib';
import middy from '@middy/core';
import httpContentEncoding from '@middy/http-content-encoding';
import httpContentNegotiation from '@middy/http-content-negotiation';
import httpCors from '@middy/http-cors';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import etag from 'etag';
import fresh from 'fresh';
import { limits } from '../rules/limits.ts';
import type { Answer } from './answer-request.ts';
import type { HttpResponse } from './responses.ts';

interface Negotiated extends Context {
  preferredMediaType?: string;
  preferredEncoding?: string | undefined;
}

/** The handler that Lambda and the local server call with API Gateway's payload 2.0. */
export function createPipeline(options: { answer: Answer; corsOrigins: readonly string[] }) {
  return middy<APIGatewayProxyEventV2, HttpResponse, Error, Negotiated>()
    .use(
      httpContentNegotiation({
        parseCharsets: false,
        parseLanguages: false,
        availableEncodings: ['br', 'gzip'],
        availableMediaTypes: ['application/json', 'text/html'],
        failOnMismatch: false,
      }),
    )
    .use(
      httpContentEncoding({
        // Brotli's default quality is made for files that are compressed once.
        br: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
      }),
    )
    .after(({ response, context }) => {
      if (response && isSmall(response)) context.preferredEncoding = undefined;
    })
    .use(
      httpCors({
        origins: [...options.corsOrigins],
        methods: 'GET,PUT,POST,DELETE',
        headers: 'authorization,content-type,idempotency-key,if-none-match,prefer',
        exposeHeaders: 'etag,idempotency-replayed,retry-after',
        maxAge: 86_400,
      }),
    )
    .after((request) => {
      if (request.response) request.response = withEtag(request.event, request.response);
    })
    .handler((event, context) =>
      options.answer(event, context.preferredMediaType ?? 'application/json'),
    );
}

const isSmall = ({ body }: HttpResponse): boolean =>
  Buffer.byteLength(body ?? '') < limits.compressFromBytes;

/** The validator is weak, because the same answer may be sent compressed or not (RFC 9110, 8.8.1). */
function withEtag(event: APIGatewayProxyEventV2, response: HttpResponse): HttpResponse {
  if (event.requestContext.http.method !== 'GET' || response.statusCode !== 200) return response;
  const headers: Record<string, string> = {
    ...response.headers,
    etag: etag(response.body ?? '', { weak: true }),
  };
  if (!fresh(event.headers, headers)) return { ...response, headers };
  const { 'content-type': _, ...kept } = headers;
  return { statusCode: 304, headers: kept };
}
