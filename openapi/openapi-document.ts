/**
 * Makes the OpenAPI 3.1 document from the tables that the functions run on (routes, schemas and
 * problems) and from the documentation in this folder. It runs at development time (`npm run
 * generate`), so no function carries the schema converter.
 */
import * as v from 'valibot';
import type { ProblemCode } from '../functions/http/problems.ts';
import { type Right, type Route, routes } from '../functions/http/routes.ts';
import { limits } from '../functions/rules/limits.ts';
import packageJson from '../package.json' with { type: 'json' };
import { headerOf, headersNamed } from './header-docs.ts';
import {
  componentSchemas,
  contentOf,
  type Json,
  objectSchemaOf,
  schemaOf,
} from './json-schemas.ts';
import { type AnswerDoc, type OperationDoc, tags } from './operation-doc.ts';
import { operationDocs } from './operation-docs.ts';
import {
  type ParameterDoc,
  pathParameters,
  type RequestHeader,
  requestHeaders,
  responseHeaders,
} from './parameter-docs.ts';
import { problemAnswers, problemExample } from './problem-answers.ts';

export function createOpenApiDocument(): Json {
  const paths = pathsOf(routes);
  const used = JSON.stringify(paths);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tally',
      version: packageJson.version,
      description: introduction,
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentSchemas(),
      headers: Object.fromEntries(
        Object.entries(responseHeaders)
          .filter(([name]) => used.includes(`"#/components/headers/${name}"`))
          .map(([name, header]) => [name, headerOf(header)]),
      ),
      responses: {
        NotModified: {
          description: 'The caller already has this answer.',
          ...headersNamed(['ETag']),
        },
      },
      examples: Object.fromEntries(
        [...new Set(routes.flatMap((route) => problemsOf(route, operationDocs[route.operation])))]
          .toSorted()
          .map((code) => [code, problemExample(code)]),
      ),
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, `tally_<id>_<secret>`, or a pass.',
        },
      },
    },
  };
}

const introduction = `A counter service: every accepted change is counted exactly once.

Send an \`Idempotency-Key\` with every change, and retry with the same one. Errors are problem
documents (RFC 9457) with a stable \`code\`; [every code](/docs/errors) has a cause and a fix. A
request body has at most ${limits.bodyBytes / 1024} KiB, unpacked if it comes by gzip. Unknown fields and
query parameters are refused. Every GET also answers HEAD.`;

function pathsOf(table: readonly Route[]): Json {
  return Object.fromEntries(
    [...Map.groupBy(table, ({ path }) => path)].map(([path, ofPath]) => [
      path,
      Object.fromEntries(ofPath.map((route) => [route.method.toLowerCase(), operationOf(route)])),
    ]),
  );
}

function operationOf(route: Route): Json {
  const doc = operationDocs[route.operation];
  return {
    operationId: operationIdOf(route),
    tags: [doc.tag],
    summary: doc.summary,
    description: doc.description,
    security: security[route.right],
    parameters: [
      ...pathParametersOf(route).map(([name, parameter]) => ({
        name,
        in: 'path',
        required: true,
        ...described(parameter),
      })),
      ...queryParametersOf(doc),
      ...requestHeadersOf(route, doc).map((name) => ({
        name,
        in: 'header',
        ...described(requestHeaders[name]),
      })),
    ],
    ...(doc.body && {
      requestBody: {
        description: 'Read as JSON, whatever its Content-Type says.',
        required: !v.is(doc.body.schema, {}),
        content: { 'application/json': contentOf(doc.body) },
      },
    }),
    responses: {
      ...mapValues(doc.answers, (answer) => answerOf(route, answer)),
      ...(hasValidator(route) && { 304: { $ref: '#/components/responses/NotModified' } }),
      ...problemAnswers(problemsOf(route, doc)),
    },
  };
}

/** The empty requirement means "or nothing": each counter has its own access in tally.config.ts. */
const security = {
  none: [],
  read: [{}, { key: [] }],
  write: [{}, { key: [] }],
  admin: [{ key: [] }],
  user: [{ key: [] }],
  deployment: [{ key: [] }],
  key: [{ key: [] }],
  challenge: [{}, { key: [] }],
  each: [{}, { key: [] }],
} satisfies Record<Right, readonly Json[]>;

const credentialProblems = [
  'invalid_key',
  'pass_expired',
  'forbidden',
  'rate_limited',
  'request_too_heavy',
] as const;
const scopeProblems = ['key_required', ...credentialProblems] as const;
const problemsOfRight = {
  none: [],
  read: scopeProblems,
  write: ['visitor_required', ...scopeProblems],
  admin: scopeProblems,
  user: scopeProblems,
  deployment: scopeProblems,
  key: scopeProblems,
  challenge: ['challenge_required', 'challenge_unavailable', ...credentialProblems],
  each: ['visitor_required', ...scopeProblems],
} satisfies Record<Right, readonly ProblemCode[]>;

/** The pipeline adds an ETag to the answer of every GET. */
const hasValidator = ({ method }: Route): boolean => method === 'GET';

function pathParametersOf({ path }: Route): (readonly [string, ParameterDoc])[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return names.map((name) => {
    const parameter = pathParameters[name];
    if (!parameter) throw new Error(`parameter-docs.ts does not document {${name}} in ${path}`);
    return [name, parameter];
  });
}

function queryParametersOf({ query }: OperationDoc): Json[] {
  if (!query) return [];
  const { properties = {}, required = [] } = objectSchemaOf(query);
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as Json;
    return { name, in: 'query', required: required.includes(name), description, schema };
  });
}

function requestHeadersOf(
  route: Route,
  { requestHeaders: own = [] }: OperationDoc,
): RequestHeader[] {
  return [...own, ...(hasValidator(route) ? (['If-None-Match'] as const) : [])];
}

const described = ({ description, schema, example }: ParameterDoc): Json => ({
  description,
  schema: schemaOf(schema),
  ...(example !== undefined && { example }),
});

function answerOf(route: Route, { description, headers = [], content }: AnswerDoc): Json {
  return {
    description,
    ...headersNamed([...headers, ...(hasValidator(route) ? (['ETag'] as const) : [])]),
    ...(content && { content: mapValues(content, contentOf) }),
  };
}

/** Every code that an operation can answer: for its path, headers, body and right, and its own. */
function problemsOf(route: Route, doc: OperationDoc): ProblemCode[] {
  const codes: ProblemCode[] = [
    ...pathParametersOf(route).flatMap(([, { problems }]) => problems),
    ...Object.keys(route.fixed ?? {}).flatMap((name) => pathParameters[name]?.problems ?? []),
    ...requestHeadersOf(route, doc).flatMap((name) => requestHeaders[name].problems),
    ...(route.servedBy === 'site' ? [] : inputProblems),
    'body_too_large',
    ...(route.servedBy === 'write' ? (['origin_not_allowed'] as const) : []),
    ...problemsOfRight[route.right],
    ...(/\{member\}/.test(route.path) ? (['visitor_required', 'other_member'] as const) : []),
    ...doc.problems,
    'not_through_edge',
    'unknown_host',
    'internal_error',
  ];
  return [...new Set(codes)];
}

/** Whatever an operation takes, it refuses what it does not take. */
const inputProblems = [
  'invalid_request',
  'invalid_json',
  'invalid_body',
  'unknown_field',
  'unknown_parameter',
  'unsupported_media_type',
  'unsupported_encoding',
  'unsupported_condition',
] as const satisfies readonly ProblemCode[];

function mapValues<K extends string | number, V, W>(
  record: Readonly<Record<K, V>>,
  map: (value: V, key: K) => W,
): Record<string, W> {
  return Object.fromEntries(
    Object.entries<V>(record).map(([key, value]) => [key, map(value, key as K)]),
  );
}

/** Operations that take a second method, which then is in their id. */
const otherMethods: ReadonlyMap<string, string> = new Map([
  ['changeCounter POST', 'ByPost'],
  ['changeSettings PUT', 'ByPut'],
]);

/** Ids are unique, and some operations have several routes: a shorter one has a fixed parameter. */
function operationIdOf({ operation, method, fixed }: Route): string {
  const byMethod = otherMethods.get(`${operation} ${method}`) ?? '';
  return `${operation}${byMethod}${fixed ? 'Short' : ''}`;
}
