/** The schemas of an OpenAPI document as validators, with every object closed. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export type Schema = Readonly<Record<string, unknown>> | boolean;

/** Keywords whose value is a schema, a list of schemas, or schemas by name; and the place of these. */
const childKeywords = {
  properties: 'named',
  patternProperties: 'named',
  items: 'one',
  prefixItems: 'list',
  additionalProperties: 'one',
} as const;
const inPlaceKeywords = ['allOf', 'anyOf', 'oneOf'] as const;

export class SchemaSet {
  readonly #document: { readonly components: Readonly<Record<string, unknown>> };
  readonly #strict: Ajv2020;
  readonly #coercing: Ajv2020;
  readonly #validators = new Map<Schema, ValidateFunction>();

  constructor(document: { readonly components: Readonly<Record<string, unknown>> }) {
    this.#document = document;
    const { schemas = {} } = document.components as { schemas?: Record<string, Schema> };
    const components = {
      $id: 'document',
      components: {
        schemas: Object.fromEntries(
          Object.entries(schemas).map(([name, schema]) => [name, closedInside(schema)]),
        ),
      },
    };
    const create = (options: object) => {
      const ajv = new Ajv2020({ allErrors: true, strict: false, ...options });
      addFormats.default(ajv);
      return ajv.addSchema(components);
    };
    this.#strict = create({});
    this.#coercing = create({ coerceTypes: true });
  }

  /** What a reference leads to; anything else as it is. */
  resolve<T extends object>(node: T): T {
    const { $ref } = node as { $ref?: string };
    if ($ref === undefined) return node;
    const target = $ref
      .split('/')
      .slice(1)
      .reduce<unknown>((it, key) => (it as Record<string, unknown>)[key], this.#document);
    return target as T;
  }

  /** @param what what to call the value in a sentence */
  errors(schema: Schema, value: unknown, what: string): string[] {
    return this.#errors(this.#strict, schema, value, what);
  }

  /** For what travels as text: numbers and booleans are read from it. */
  textErrors(schema: Schema, value: string | undefined, what: string): string[] {
    // Coercion needs a place to put the value.
    const wrapped = this.#wrapped(schema);
    return this.#errors(this.#coercing, wrapped, { value }, what);
  }

  readonly #wrappers = new Map<Schema, Schema>();
  #wrapped(schema: Schema): Schema {
    const known = this.#wrappers.get(schema);
    if (known !== undefined) return known;
    const wrapper = { properties: { value: schema } };
    this.#wrappers.set(schema, wrapper);
    return wrapper;
  }

  #errors(ajv: Ajv2020, schema: Schema, value: unknown, what: string): string[] {
    const known = this.#validators.get(schema);
    const validate = known ?? ajv.compile(closed(schema) as object);
    this.#validators.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${what}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** A schema that refuses members which it does not name. */
function closed(schema: Schema): Schema {
  if (typeof schema === 'boolean') return schema;
  const inside = closedInside(schema) as Record<string, unknown>;
  const describesObjects =
    '$ref' in schema || 'properties' in schema || inPlaceKeywords.some((it) => it in schema);
  return describesObjects ? { ...inside, unevaluatedProperties: false } : inside;
}

/** The same for what is inside it. Itself it stays open, since others may extend it. */
function closedInside(schema: Schema): Schema {
  if (typeof schema === 'boolean') return schema;
  const result: Record<string, unknown> = { ...schema };
  if (typeof schema.$ref === 'string') result.$ref = schema.$ref.replace(/^#/, 'document#');
  for (const [keyword, shape] of Object.entries(childKeywords)) {
    const value = schema[keyword];
    if (value === undefined) continue;
    result[keyword] =
      shape === 'named'
        ? mapNamed(value as Record<string, Schema>, closed)
        : shape === 'list'
          ? (value as Schema[]).map(closed)
          : closed(value as Schema);
  }
  for (const keyword of inPlaceKeywords) {
    const value = schema[keyword] as Schema[] | undefined;
    if (value) result[keyword] = value.map(closedInside);
  }
  return result;
}

const mapNamed = (schemas: Record<string, Schema>, map: (schema: Schema) => Schema) =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, map(schema)]));
