/**
 * The check behind all tests over HTTP (test/harness/contract) sees every kind of deviation: here the
 * document is changed, and the exchange is not.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createContract,
  type Exchange,
  type OpenApiDocument,
} from '../../harness/contract/answer-contract.ts';
import { type Schema, SchemaSet } from '../../harness/contract/schema-set.ts';

const root = join(import.meta.dirname, '../../..');
const text = readFileSync(join(root, 'functions/pages/openapi.json'), 'utf8');
const document = JSON.parse(text) as OpenApiDocument;

interface Example {
  readonly place: string;
  readonly schema: Schema;
  readonly example: unknown;
}

/** Every example beside its schema, wherever in the document. */
function examplesIn(node: unknown, place = '#'): Example[] {
  if (typeof node !== 'object' || node === null) return [];
  const { schema, example, examples } = node as Record<string, unknown>;
  const own = [
    ...(example === undefined ? [] : [example]),
    ...Object.values((examples ?? {}) as Record<string, { $ref: string }>).map(shown),
  ];
  return [
    ...(schema === undefined
      ? []
      : own.map((it) => ({ place, schema: schema as Schema, example: it }))),
    ...Object.entries(node).flatMap(([key, value]) => examplesIn(value, `${place}/${key}`)),
  ];
}

const shown = ({ $ref }: { readonly $ref: string }): unknown => {
  const [, , , name = ''] = $ref.split('/');
  const { examples } = document.components as { examples: Record<string, { value: unknown }> };
  return examples[name]?.value;
};

test('every example fits its schema, and has no member that the schema does not name', () => {
  const schemas = new SchemaSet(document);
  const examples = examplesIn(document.paths);
  expect(examples.length).toBeGreaterThan(100);
  const wrong = examples.flatMap(({ place, schema, example }) =>
    schemas.errors(schema, example, place),
  );
  expect(wrong).toEqual([]);
});

const exchange: Exchange = {
  method: 'PUT',
  path: '/v1/post-42/likes',
  query: {},
  requestHeaders: { 'idempotency-key': 'a-uuid' },
  requestBody: '{"action":"increment"}',
  status: 200,
  headers: { 'content-type': 'application/json', 'idempotency-replayed': 'true' },
  body: '{"count":1,"window":"all","version":1,"updated_at":null,"pending":false}',
};
const refusal: Exchange = {
  ...exchange,
  status: 503,
  headers: { 'content-type': 'application/problem+json', 'retry-after': '1' },
  body: '{"type":"/docs/errors#contended","title":"…","status":503,"code":"contended","detail":"…"}',
};
const unknownCaller: Exchange = {
  ...exchange,
  status: 401,
  headers: { 'content-type': 'application/problem+json', 'www-authenticate': 'Bearer' },
  body: '{"type":"/docs/errors#key_required","title":"…","status":401,"code":"key_required","detail":"…"}',
};
const list: Exchange = {
  ...exchange,
  method: 'POST',
  path: '/v1/batch',
  headers: { 'content-type': 'application/json' },
  requestBody: '{"items":[]}',
  body: '{"results":[{"status":200,"count":1,"version":1,"updated_at":null,"pending":true}]}',
};

describe('an exchange as documented', () => {
  test.each([
    ['an answer', exchange],
    ['a refusal', refusal],
    ['an unknown caller', unknownCaller],
    ['a list', list],
  ])('has no deviation: %s', (_, it) => {
    expect(createContract(document)(it)).toEqual([]);
  });
});

type Mutable = { [key: string]: Mutable };

/** The document with a mistake in it. */
function mutated(mutate: (document: Mutable) => void): OpenApiDocument {
  const copy = JSON.parse(text) as Mutable & OpenApiDocument;
  mutate(copy);
  return copy;
}

const at = (node: Mutable, ...keys: string[]): Mutable =>
  keys.reduce((it, key) => it[key] ?? expect.fail(`the document has no ${key}`), node);
const schema = (it: Mutable, name: string) => at(it, 'components', 'schemas', name);
const change = (it: Mutable) => at(it, 'paths', '/v1/{subject}/{counter}', 'put');

describe('a document that is wrong is found out by', () => {
  test.each<[what: string, sent: Exchange, mutate: (document: Mutable) => unknown]>([
    [
      'a member of an answer',
      exchange,
      (it) => delete at(schema(it, 'ChangeAnswer'), 'properties').pending,
    ],
    [
      'a member of a problem',
      refusal,
      (it) => delete at(schema(it, 'ProblemDocument'), 'properties').title,
    ],
    [
      'a member inside a list',
      list,
      (it) => {
        at(schema(it, 'BatchAnswer'), 'properties', 'results').items = { type: {} };
        Object.assign(at(schema(it, 'BatchAnswer'), 'properties', 'results', 'items'), {
          type: 'object',
          properties: { status: { type: 'integer' } },
        });
      },
    ],
    [
      'a member that is missing',
      exchange,
      (it) => {
        const { ChangeAnswer } = at(it, 'components', 'schemas');
        Object.assign(ChangeAnswer ?? {}, { required: ['count', 'applied'] });
      },
    ],
    [
      'a member of another type',
      exchange,
      (it) =>
        Object.assign(at(schema(it, 'ChangeAnswer'), 'properties', 'count'), { type: 'string' }),
    ],
    ['a status', exchange, (it) => delete at(change(it), 'responses')['200']],
    ['a header', exchange, (it) => delete at(change(it), 'responses', '200').headers],
    [
      'a header with another value',
      unknownCaller,
      (it) =>
        Object.assign(at(it, 'components', 'headers', 'WWW-Authenticate', 'schema'), {
          const: 'Basic',
        }),
    ],
    [
      'a header that is missing',
      { ...unknownCaller, headers: { 'content-type': 'application/problem+json' } },
      () => {},
    ],
    [
      'a content type',
      exchange,
      (it) => delete at(change(it), 'responses', '200', 'content')['application/json'],
    ],
    [
      'a code',
      refusal,
      (it) => {
        const { schema: ofProblem } = at(
          change(it),
          'responses',
          '503',
          'content',
          'application/problem+json',
        );
        Object.assign(ofProblem ?? {}, { properties: { code: { enum: ['unavailable'] } } });
      },
    ],
    ['a method', exchange, (it) => delete at(it, 'paths', '/v1/{subject}/{counter}').put],
    ['a path', exchange, (it) => delete at(it, 'paths')['/v1/{subject}/{counter}']],
    [
      'a field of a request that was granted',
      exchange,
      (it) => delete at(schema(it, 'ChangeBody'), 'properties').action,
    ],
    [
      'a field that was not needed',
      exchange,
      (it) => Object.assign(schema(it, 'ChangeBody'), { required: ['action', 'amount'] }),
    ],
    ['a name in a path', { ...exchange, path: '/v1/a%20b/likes' }, () => {}],
    [
      'a header of a request that was granted',
      { ...exchange, requestHeaders: { 'idempotency-key': 'k'.repeat(513) } },
      () => {},
    ],
  ])('%s', (_, sent, mutate) => {
    expect(createContract(mutated(mutate))(sent)).not.toEqual([]);
  });
});
