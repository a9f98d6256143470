/** The schemas of requests and answers as JSON schemas, those with a name as references. */
import {
  type ConversionConfig,
  type JsonSchema,
  toJsonSchema,
  toJsonSchemaDefs,
} from '@valibot/to-json-schema';
import type * as v from 'valibot';
import * as batchRequests from '../functions/http/schemas/batch-requests.ts';
import * as callerAnswers from '../functions/http/schemas/caller-answers.ts';
import * as callerRequests from '../functions/http/schemas/caller-requests.ts';
import * as combinedAnswers from '../functions/http/schemas/combined-answers.ts';
import * as counterRequests from '../functions/http/schemas/counter-requests.ts';
import * as memberRequests from '../functions/http/schemas/member-requests.ts';
import * as problemDocuments from '../functions/http/schemas/problem-document.ts';
import * as readAnswers from '../functions/http/schemas/read-answers.ts';
import * as writeAnswers from '../functions/http/schemas/write-answers.ts';
import type { Content } from './operation-doc.ts';
import { operationDocs } from './operation-docs.ts';

export type Json = Readonly<Record<string, unknown>>;

const queries = new Set(Object.values(operationDocs).map(({ query }) => query));

const schemas = {
  ...counterRequests,
  ...memberRequests,
  ...callerRequests,
  ...batchRequests,
  ...readAnswers,
  ...writeAnswers,
  ...combinedAnswers,
  ...callerAnswers,
  ...problemDocuments,
};

/**
 * What those files export is named after its export: `changeBody` is `ChangeBody`. Query schemas are
 * left out, because their fields become parameters.
 */
const namedSchemas: Readonly<Record<string, v.GenericSchema>> = Object.fromEntries(
  Object.entries(schemas)
    .filter(([, schema]) => !queries.has(schema))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, schema]),
);

/**
 * A default makes a field optional for callers, but type generators make it required, as it is in
 * what a server has parsed. So it is told in words.
 */
function defaultInWords({ default: usual, description = '', ...rest }: JsonSchema): JsonSchema {
  const sentence = `\`${typeof usual === 'string' ? usual : JSON.stringify(usual)}\` if left out.`;
  return { ...rest, description: `${description} ${sentence}`.trim() };
}

const conversion: ConversionConfig = {
  target: 'draft-2020-12',
  // The input of a schema: a caller may leave out a field with a default.
  typeMode: 'input',
  overrideSchema: ({ jsonSchema }) =>
    jsonSchema.default === undefined ? undefined : defaultInWords(jsonSchema),
  // Rules in code, such as which time zones exist, cannot be written as a JSON schema.
  ignoreActions: ['check'],
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
};

export function schemaOf(schema: v.GenericSchema): Json {
  const [name] = Object.entries(namedSchemas).find(([, named]) => named === schema) ?? [];
  if (name) return { $ref: `#/components/schemas/${name}` };
  const config = { ...conversion, definitions: namedSchemas };
  const { $schema: _, $defs: _named, ...inline } = toJsonSchema(schema, config);
  return inline;
}

export const contentOf = ({ schema, example }: Content): Json => ({
  schema: schemaOf(schema),
  ...(example !== undefined && { example }),
});

/** The JSON schema of an object, without references. */
export const objectSchemaOf = (schema: v.GenericSchema<object>): JsonSchema =>
  toJsonSchema(schema, conversion);

export const componentSchemas = (): Json => toJsonSchemaDefs(namedSchemas, conversion);
