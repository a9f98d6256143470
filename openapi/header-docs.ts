/** Headers of answers, as the OpenAPI document has them. */
import { type Json, schemaOf } from './json-schemas.ts';
import type { HeaderDoc, ResponseHeader } from './parameter-docs.ts';

export const headerOf = ({ description, required, schema }: HeaderDoc): Json => ({
  description,
  ...(required && { required }),
  schema: schemaOf(schema),
});

export function headersNamed(names: readonly ResponseHeader[]): Json {
  if (names.length === 0) return {};
  return {
    headers: Object.fromEntries(
      names.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
    ),
  };
}
