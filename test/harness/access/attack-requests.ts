/**
 * Requests as attackers send them: made from the schemas of the OpenAPI document, so that they get far,
 * and then bent out of shape; or plain bytes.
 */
import * as fc from 'fast-check';
import { createOpenApiDocument } from '../../../openapi/openapi-document.ts';

export interface AttackRequest {
  /** Index of the credential that it is sent with. */
  readonly credential: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Sent as these very bytes, on a connection of its own; undefined for a proper request. */
  readonly mangle: ((bytes: Buffer) => Buffer) | undefined;
}

/** Names that exist, and names that attackers like. */
export interface AttackNames {
  readonly subjects: readonly string[];
  readonly counters: readonly string[];
  readonly members: readonly string[];
  readonly tokens: readonly string[];
}

interface ProperRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}
interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}
interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
}

const document = createOpenApiDocument() as {
  paths: Record<string, Record<string, Record<string, unknown>>>;
  components: { schemas: Record<string, Schema> };
};
const apiOperations: Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const { requestBody, parameters } = operation as {
      requestBody?: { content: Record<string, { schema: Schema }> };
      parameters: Parameter[];
    };
    return {
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
    };
  }),
);

const noise = fc.oneof(
  fc.constantFrom('', '..', '%', '%00', '%23', '%2f', '#', '*', '__proto__', 'toString', '-', '/'),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('x'.repeat(128), 'x'.repeat(129), 'x'.repeat(3_000)),
);

/** A path segment: noise as a browser would encode it, or bytes that no browser would send. */
const badSegment = fc.oneof(
  noise.map(inUrl),
  fc.constantFrom('', '%', '%zz', '%C3%28', '%ED%A0%80', '%00', '..', '%2e%2e', '%2f', '{subject}'),
);

export function attackRequests(
  names: AttackNames,
  credentials: number,
): fc.Arbitrary<AttackRequest> {
  /** Strings by the name of the field that they are for: attackers read documentation. */
  const known: Readonly<Record<string, readonly string[]>> = {
    subject: names.subjects,
    subjects: [...names.subjects, '*', ...names.subjects.map((name) => `${name}*`)],
    counter: names.counters,
    counters: names.counters,
    member: names.members,
    user: names.members,
    choice: ['like', 'love', 'none'],
    idempotency_key: names.tokens,
    'Idempotency-Key': names.tokens,
    Prefer: ['return=minimal', 'return=representation'],
    'If-None-Match': ['*', 'W/"1-x"'],
    time_zone: ['UTC', 'Europe/Berlin', 'Mars/Olympus'],
    day_start: ['04:00', '25:00'],
    from: ['2026-11-01', '2026-11-21T00', '2026-11-21T09:30Z', '1990-01-01'],
    to: ['2026-11-21', '2026-11-21T23', '2026-11-21T09:35Z', '2099-01-01'],
  };

  function textFor(name: string): fc.Arbitrary<string> {
    const values = known[name] ?? ['nothing'];
    return fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...values) },
      { weight: 1, arbitrary: noise },
    );
  }

  function fitting(schema: Schema, name: string): fc.Arbitrary<unknown> {
    if (schema.$ref) {
      return fitting(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, name);
    }
    if ('const' in schema) return fc.constant(schema.const);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices) return fc.oneof(...choices.map((choice) => fitting(choice, name)));
    if (schema.type === 'object') {
      const { properties = {}, required = [] } = schema;
      const fields = Object.entries(properties).map(([field, of]) => [field, fitting(of, field)]);
      return partial(Object.fromEntries(fields), required);
    }
    if (schema.type === 'array') {
      return fc.array(fitting(schema.items ?? {}, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    }
    if (schema.type === 'integer') {
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 9, 1_000) });
    }
    return textFor(name);
  }

  const requestTo = ({
    method,
    path,
    parameters,
    body,
  }: Operation): fc.Arbitrary<ProperRequest> => {
    const valuesIn = (place: Parameter['in'], needed: (name: string) => boolean) => {
      const here = parameters.filter((it) => it.in === place);
      const values = here.map((it) => [it.name, fitting(it.schema, it.name).map(String)]);
      const required = here.map(({ name }) => name).filter(needed);
      return partial<string>(Object.fromEntries(values), required);
    };
    return fc
      .record({
        inPath: valuesIn('path', () => true),
        inQuery: valuesIn('query', () => false),
        inHeader: valuesIn('header', () => false),
        content: body ? fitting(body, '') : fc.constantFrom(undefined, {}),
      })
      .map(({ inPath, inQuery, inHeader, content }) => ({
        method,
        path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => inUrl(inPath[name])),
        query: new URLSearchParams(inQuery).toString(),
        headers: inHeader,
        body: Buffer.from(content === undefined ? '' : JSON.stringify(content)),
      }));
  };
  const proper = fc.oneof(...apiOperations.map(requestTo));

  /** What an attacker does to a request that would otherwise be right. */
  const bend: fc.Arbitrary<(request: ProperRequest) => ProperRequest> = fc.oneof(
    { weight: 12, arbitrary: fc.constant((it: ProperRequest) => it) },
    fc
      .constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE')
      .map((method) => (it: ProperRequest) => ({ ...it, method })),
    mangled.map((mangle) => (it: ProperRequest) => ({ ...it, body: mangle(it.body) })),
    fc.json().map((json) => (it: ProperRequest) => ({ ...it, body: Buffer.from(json) })),
    fc
      .constantFrom('x', '[', '{"a":', '"\\u0000', ' ')
      .map((text) => (it: ProperRequest) => ({ ...it, body: Buffer.from(text.repeat(70_000)) })),
    fc
      .constantFrom(
        '{"__proto__":{"x":1},',
        '{"constructor":{"prototype":{"x":1}},',
        '{"amount":1,',
      )
      .map((start) => (it: ProperRequest) => ({
        ...it,
        body: Buffer.from(it.body.toString().replace('{', start)),
      })),
    fc.tuple(fc.nat(5), badSegment).map(([at, text]) => (it: ProperRequest) => ({
      ...it,
      path: it.path
        .split('/')
        .map((segment, index) => (index === at ? text : segment))
        .join('/'),
    })),
    fc
      .constantFrom(
        '?',
        '&&=',
        '__proto__=1',
        'window=day&window=all',
        'access_token=pass_x.y',
        '%',
      )
      .map((query) => (it: ProperRequest) => ({ ...it, query: `${it.query}&${query}` })),
    fc
      .dictionary(
        fc.constantFrom(
          'accept',
          'accept-encoding',
          'origin',
          'sec-fetch-site',
          'cookie',
          'host',
          'content-type',
        ),
        fc.oneof(
          fc.constantFrom('*', ',', '*/*;q=2', 'text/html', 'br;q=x', 'https://evil.example', '"'),
          fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,40}$/),
        ),
      )
      .map((headers) => (it: ProperRequest) => ({ ...it, headers: { ...it.headers, ...headers } })),
  );

  return fc
    .record({
      credential: fc.nat(credentials - 1),
      request: proper,
      change: bend,
      mangle: fc.oneof(
        { weight: 8, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: mangled },
        { weight: 1, arbitrary: randomBytes },
      ),
    })
    .map(({ credential, request, change, mangle }) => {
      const { method, path, query, headers, body } = change(request);
      return {
        credential,
        method,
        path: query === '' ? path : `${path}?${query}`,
        headers: mapValues(headers, (value) => value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '')),
        body,
        mangle,
      };
    });
}

/** An object in which what is not required may be missing. */
const partial = <T>(
  fields: Readonly<Record<string, fc.Arbitrary<T>>>,
  required: readonly string[],
): fc.Arbitrary<Readonly<Record<string, T>>> =>
  fc.record(fields, { requiredKeys: [...required] }) as fc.Arbitrary<Record<string, T>>;

/** Some bytes changed, cut out, put in or repeated. */
const mangled: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(6),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
        fc
          .constantFrom('\r\n', '\r\n\r\n', '\0', ' ', ':', '"', '{', '9'.repeat(30), '\u2028')
          .map((text) => Buffer.from(text)),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((changes) => (bytes) => {
    let changed = bytes;
    for (const { at, cut, put } of changes) {
      const from = Math.floor(at * changed.length);
      changed = Buffer.concat([changed.subarray(0, from), put, changed.subarray(from + cut)]);
    }
    return changed;
  });

const randomBytes: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .map((bytes) => () => Buffer.from(bytes));

/** Encodes as browsers do; text that is not valid Unicode goes as it is, byte by byte. */
function inUrl(text = ''): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
}

function mapValues(
  record: Readonly<Record<string, string>>,
  map: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
