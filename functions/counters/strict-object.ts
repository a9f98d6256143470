import * as v from 'valibot';

/** An object without further fields, which names all that it does not know; the library's own stops at the first. */
export function strictObject<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, undefined> {
  const schema = v.strictObject(entries);
  return {
    ...schema,
    '~run'(dataset, config) {
      const fields: Readonly<Record<string, unknown>> = Object(dataset.value);
      const result = schema['~run'](dataset, config);
      const first = result.issues?.find(
        ({ expected, path = [] }) => expected === 'never' && path.length === 1,
      );
      const step = first?.path?.[0];
      if (!first || step?.type !== 'object') return result;
      for (const [key, value] of Object.entries(fields)) {
        if (Object.hasOwn(entries, key) || key === step.key) continue;
        result.issues?.push({ ...first, input: key, path: [{ ...step, key, value }] });
      }
      return result;
    },
  };
}
