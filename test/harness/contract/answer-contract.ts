/**
 * Whether an exchange over HTTP is as the OpenAPI document says: the status, the headers and the body
 * of every answer, and the request of every answer that grants it.
 *
 * Callers may meet members that the document does not name yet, so its schemas are open. Here they are
 * closed: what Tally sends or takes without naming it is a deviation.
 */
import { type Schema, SchemaSet } from './schema-set.ts';

/** Names are in lower case; bodies are as they came, without a content encoding. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly requestHeaders: Readonly<Record<string, string | undefined>>;
  readonly requestBody: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Answer {
  readonly headers?: Readonly<Record<string, { required?: boolean; schema: Schema }>>;
  readonly content?: Readonly<Record<string, { schema: Schema }>>;
}

interface Operation {
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: { readonly 'application/json': { readonly schema: Schema } };
  };
  readonly responses: Readonly<Record<string, Answer>>;
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}

/** Headers of HTTP itself, of CORS and of security, which any answer has and no operation names. */
const usualHeaders =
  /^(?:content-(?:type|encoding|security-policy)|cache-control|vary|strict-transport-security|x-content-type-options|x-frame-options|referrer-policy|access-control-[a-z-]+)$/;

/** Answers to paths and methods that the document does not have. */
const withoutOperation: ReadonlyMap<number, string> = new Map([
  [404, 'unknown_path'],
  [405, 'method_not_allowed'],
]);

/** @returns what deviates, as sentences; nothing if all is as documented */
export function createContract(document: OpenApiDocument): (exchange: Exchange) => string[] {
  const schemas = new SchemaSet(document);
  const paths = Object.keys(document.paths).toSorted(bySpecificity);

  function findOperation({ method, path }: Exchange) {
    const withoutPrefix = path.replace(/^\/jwt(?=\/)/, '');
    const plain = paths.some((it) => matches(it, withoutPrefix)) ? withoutPrefix : path;
    const template = paths.find((it) => matches(it, plain));
    // The names of methods have a case (RFC 9110, 9.1): `get` is none.
    const isMethod = method === method.toUpperCase();
    const operation = template && document.paths[template]?.[method.toLowerCase()];
    if (!isMethod || template === undefined || operation === undefined) return undefined;
    return { operation: operation as Operation, params: paramsOf(template, plain) };
  }

  const resolved = <T extends object>(node: T): T => schemas.resolve(node);

  function headerDeviations({ headers }: Exchange, documented: Answer): string[] {
    const named = new Map(
      Object.entries(documented.headers ?? {}).map(([name, header]) => [
        name.toLowerCase(),
        resolved(header),
      ]),
    );
    const unnamed = Object.keys(headers).filter(
      (name) => !named.has(name) && !usualHeaders.test(name),
    );
    const missing = [...named].filter(([name, { required }]) => required && !(name in headers));
    return [
      ...unnamed.map((name) => `the header ${name} is not documented`),
      ...missing.map(([name]) => `the header ${name} is missing`),
      ...[...named].flatMap(([name, { schema }]) =>
        name in headers ? schemas.textErrors(schema, headers[name], `the header ${name}`) : [],
      ),
    ];
  }

  function bodyDeviations({ body, headers }: Exchange, documented: Answer): string[] {
    const type = headers['content-type']?.split(';')[0];
    const content = documented.content ?? {};
    if (Object.keys(content).length === 0) {
      return body === '' ? [] : ['a body is not documented'];
    }
    if (type === undefined || content[type] === undefined) {
      return [`the content type ${type} is not documented`];
    }
    const { schema } = content[type];
    return schemas.errors(schema, isJson(type) ? JSON.parse(body) : body, 'the body');
  }

  /** What a request may say is what the document names: whatever else was granted is undocumented. */
  function requestDeviations(
    exchange: Exchange,
    operation: Operation,
    params: Readonly<Record<string, string>>,
  ): string[] {
    const sent = { path: params, query: exchange.query, header: exchange.requestHeaders };
    const named = operation.parameters.map((it) => resolved(it));
    const queryNames = new Set(named.filter((it) => it.in === 'query').map(({ name }) => name));
    // Links to pages come with parameters of other people: `utm_source`.
    const isPage =
      exchange.path === '/openapi.json' || exchange.headers['content-type']?.startsWith('text/');
    const unnamed = isPage ? [] : Object.keys(exchange.query).filter((it) => !queryNames.has(it));
    return [
      ...unnamed
        .filter((name) => name !== 'access_token')
        .map((name) => `the query parameter ${name} was taken, and is not documented`),
      ...named.flatMap(({ name, in: place, required, schema }) => {
        const value = sent[place][place === 'header' ? name.toLowerCase() : name]?.trim();
        if (value !== undefined) return schemas.textErrors(schema, value, `the ${place} ${name}`);
        return required ? [`the ${place} ${name} was not needed`] : [];
      }),
      ...requestBodyDeviations(exchange, operation),
    ];
  }

  function requestBodyDeviations(exchange: Exchange, { requestBody }: Operation): string[] {
    if (!requestBody) return [];
    if (exchange.requestBody === '') {
      return requestBody.required ? ['the request body was not needed'] : [];
    }
    const { schema } = requestBody.content['application/json'];
    const value = parseJson(exchange.requestBody);
    if (value === undefined) return ['the request body was taken, and is not JSON'];
    return schemas.errors(schema, grantedPart(value, parseJson(exchange.body)), 'the request body');
  }

  return (exchange) => {
    const { method, status } = exchange;
    // The preflight and the answer's head are those of the other methods, without a body.
    if (method === 'OPTIONS' || method === 'HEAD') return [];
    const found = findOperation(exchange);
    // A function to which a path leads that is another's by now, too, says that there is nothing.
    if (isRefusedAsUnknown(exchange)) return [];
    if (!found) return ['the path and method are answered, and not documented'];
    const documented = found.operation.responses[status];
    if (!documented) return [`the status ${status} is not documented`];
    const answer = resolved(documented);
    return [
      ...headerDeviations(exchange, answer),
      ...bodyDeviations(exchange, answer),
      ...(status < 300 ? requestDeviations(exchange, found.operation, found.params) : []),
    ];
  };
}

function isRefusedAsUnknown({ status, body }: Exchange): boolean {
  const { code } = (parseJson(body) ?? {}) as { code?: string };
  return code !== undefined && withoutOperation.get(status) === code;
}

/** In a batch, each item is granted or refused alone. */
function grantedPart(body: unknown, answer: unknown): unknown {
  const { items } = (body ?? {}) as { items?: unknown[] };
  const { results } = (answer ?? {}) as { results?: object[] };
  if (!items || !results) return body;
  return {
    ...(body as object),
    items: items.filter((_, index) => !('code' in (results[index] ?? {}))),
  };
}

const isJson = (type: string): boolean => /[/+]json$/.test(type);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** OpenAPI prefers a literal segment to a parameter. */
function bySpecificity(one: string, other: string): number {
  const rank = (template: string) => template.replaceAll(/\{\w+\}/g, '\u{FFFF}');
  return rank(one) < rank(other) ? -1 : 1;
}

const isParameter = (segment: string): boolean => segment.startsWith('{');

function matches(template: string, path: string): boolean {
  const parts = template.split('/');
  const segments = path.split('/');
  return (
    parts.length === segments.length &&
    // A path that ends with a slash ends too early: the subject is not there.
    !(parts.at(-1) === '{subject}' && segments.at(-1) === '') &&
    parts.every((part, index) => isParameter(part) || part === segments[index])
  );
}

function paramsOf(template: string, path: string): Record<string, string> {
  const segments = path.split('/');
  return Object.fromEntries(
    template
      .split('/')
      .flatMap((part, index) =>
        isParameter(part) ? [[part.slice(1, -1), decode(segments[index] ?? '')]] : [],
      ),
  );
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
