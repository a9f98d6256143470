/** Inputs that fit a schema, by chance. */
import * as fc from 'fast-check';
import * as v from 'valibot';

/** What strings of requests are: names, windows, times, patterns, and texts of any kind. */
const text = fc.oneof(
  fc.constantFrom('post-42', '_V1', 'ana@example.com', 'resto-7*', 'counter', 'orders', 'yes'),
  fc.constantFrom('Europe/Berlin', '04:00', '2096-02-28', '2096-02-28T09', 'a-token', 'true', '7'),
  fc.string({ maxLength: 8 }),
);

interface Parts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly pipe?: readonly (Partial<Parts> & { readonly requirement?: unknown })[];
}

export function fitting(schema: v.GenericSchema): fc.Arbitrary<unknown> {
  return shaped(schema).filter((input) => v.is(schema, input));
}

function shaped(schema: v.GenericSchema): fc.Arbitrary<unknown> {
  const { type, entries = {}, item, wrapped, options = [], literal, pipe = [] } = schema as Parts;
  const bound = (name: string) => pipe.find((step) => step.type === name)?.requirement;
  switch (type) {
    case 'strict_object':
      return fc.record(
        Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, shaped(entry)])),
        {
          requiredKeys: Object.keys(entries).filter(
            (name) => (entries[name] as Parts | undefined)?.type !== 'optional',
          ),
        },
      );
    case 'optional':
      return shaped(required(wrapped));
    case 'array': {
      const least = Number(bound('min_length') ?? 0);
      const most = Math.min(3, Number(bound('max_length') ?? 3));
      return fc.array(fitting(required(item)), { minLength: least, maxLength: most });
    }
    case 'variant':
    case 'union':
      return fc.oneof(...options.map((option) => shaped(option as v.GenericSchema)));
    case 'picklist':
      return fc.constantFrom(...options);
    case 'literal':
      return fc.constant(literal);
    case 'boolean':
      return fc.boolean();
    case 'number': {
      const [min, max] = [Number(bound('min_value') ?? 0), Number(bound('max_value') ?? 9)];
      return fc.integer({ min: Math.max(min, -1000), max: Math.min(max, 1000) });
    }
    case 'string':
      return text.filter((input) => v.is(schema, input));
    default:
      throw new Error(`no input is made for the schema ${type}`);
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the schema has no inner one');
  return value;
}

/** The ways to all objects in an input, the outermost first. */
export function objectsIn(input: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof input !== 'object' || input === null) return [];
  const inner = Object.entries(input).flatMap(([key, value]) => objectsIn(value, [...path, key]));
  return Array.isArray(input) ? inner : [path, ...inner];
}

/** The same input with one more field in one of its objects. */
export function withField(
  input: unknown,
  [step, ...path]: readonly string[],
  field: readonly [name: string, value: unknown],
): unknown {
  if (Array.isArray(input)) {
    return input.map((entry, index) =>
      String(index) === step ? withField(entry, path, field) : entry,
    );
  }
  const entries = Object.entries(Object(input));
  if (step === undefined) return Object.fromEntries([...entries, field]);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === step ? withField(value, path, field) : value]),
  );
}
