/**
 * One middy pipeline for every HTTP function: negotiate, answer, then ETag, CORS, compression and
 * security headers. Steps after the answer run from the end of the list to its beginning.
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
import { type Answer, outcomeUnknown } from './answer-request.ts';
import { type HttpResponse, problem } from './responses.ts';
import { methodsOf, routes } from './routes.ts';

interface Negotiated extends Context {
  preferredMediaType?: string;
  preferredEncoding?: string | undefined;
}

/**
 * Every answer has them, because a person may open any of them in a browser. Cross-Origin-Resource-
 * Policy is left out, because pages of other origins read counts. What a page may load and run is in
 * its own policy.
 */
const securityHeaders = {
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // The address of a page may carry a pass.
  'referrer-policy': 'no-referrer',
} as const;

/**
 * What pages of other origins may send: what Tally reads, and what tracing libraries add to every request
 * of a page (W3C Trace Context and Baggage, Sentry), who would otherwise break its calls.
 */
const usualHeaders = [
  'authorization',
  'content-encoding',
  'content-type',
  'idempotency-key',
  'if-none-match',
  'prefer',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
];

/** The handler that Lambda and the local server call with API Gateway's payload 2.0. */
export function createPipeline({
  answer,
  corsOrigins,
  corsHeaders,
}: {
  answer: Answer;
  corsOrigins: readonly string[];
  corsHeaders: readonly string[];
}) {
  const dependsOn = ['Accept-Encoding', ...(corsOrigins.includes('*') ? [] : ['Origin'])];
  return middy<APIGatewayProxyEventV2, HttpResponse, Error, Negotiated>({
    timeoutEarlyInMillis: limits.answerBeforeTimeoutMs,
    timeoutEarlyResponse: () => outOfTime,
  })
    .after(({ response }) => {
      if (response) response.headers = finalHeaders(response.headers, dependsOn);
    })
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
        // Brotli's default quality is for files that are compressed once, not for each answer.
        br: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
      }),
    )
    .after(({ response, context }) => {
      if (response && isSmall(response)) context.preferredEncoding = undefined;
    })
    .use(
      httpCors({
        origins: [...corsOrigins],
        methods: [...new Set(routes.flatMap(methodsOf))].join(','),
        headers: [...usualHeaders, ...corsHeaders].join(','),
        exposeHeaders:
          'etag,idempotency-replayed,preference-applied,ratelimit,ratelimit-policy,retry-after,allow',
        maxAge: 86_400,
      }),
    )
    .after((request) => {
      if (request.response === outOfTime)
        request.response = problem(outcomeUnknown(isRepeatable(request.event)));
      if (request.response) request.response = withEtag(request.event, request.response);
    })
    .handler((event, context) => answer(event, context.preferredMediaType ?? 'application/json'));
}

/**
 * `Vary` names every header that an answer may depend on, even if this one did not: otherwise a cache
 * would give the answer for no origin, or an uncompressed one, to everybody. The middlewares write it
 * in two spellings, and only where they changed something.
 */
function finalHeaders(
  { vary = '', Vary = '', ...headers }: HttpResponse['headers'],
  dependsOn: readonly string[],
): HttpResponse['headers'] {
  const names = [vary, Vary, ...dependsOn]
    .flatMap((list) => list.split(','))
    .map((it) => it.trim());
  const distinct = new Map(names.map((name) => [name.toLowerCase(), name]));
  distinct.delete('');
  return { ...headers, vary: [...distinct.values()].join(', '), ...securityHeaders };
}

/** Stands for the answer of a function whose time is over, until the request is known that it is for. */
const outOfTime: HttpResponse = { statusCode: 503, headers: {} };

/** Whether a request surely changes nothing more when it is sent again, by what can be seen of it. */
const isRepeatable = ({ headers, requestContext }: APIGatewayProxyEventV2): boolean =>
  headers['idempotency-key'] !== undefined ||
  ['GET', 'HEAD', 'DELETE'].includes(requestContext.http.method);

const isSmall = ({ body }: HttpResponse): boolean =>
  Buffer.byteLength(body ?? '') < limits.compressFromBytes;

/** The ETag is weak, because the same answer may be sent compressed or not (RFC 9110, 8.8.1). */
function withEtag(event: APIGatewayProxyEventV2, response: HttpResponse): HttpResponse {
  const { method } = event.requestContext.http;
  if (!['GET', 'HEAD'].includes(method) || response.statusCode !== 200) return response;
  const headers: Record<string, string> = {
    ...response.headers,
    etag: etag(response.body ?? '', { weak: true }),
  };
  // `fetch` and reloads send `no-cache` beside `If-None-Match`. They mean caches on the way: this is the
  // origin, and what it compares is new.
  if (!fresh({ ...event.headers, 'cache-control': undefined }, headers))
    return { ...response, headers };
  const { 'content-type': _, ...kept } = headers;
  return { statusCode: 304, headers: kept };
}
