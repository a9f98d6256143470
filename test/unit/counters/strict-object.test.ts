import * as fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { strictObject } from '../../../functions/counters/strict-object.ts';
import {
  fieldOf,
  isUnknownField,
  validationMessage,
} from '../../../functions/rules/validation-messages.ts';

const schema = strictObject({ a: v.number(), in: v.optional(strictObject({ b: v.string() })) });
const field = fc.constantFrom('a', 'b', 'c', 'in', 'constructor', '__proto__', 'toString', '');
const fields = (value: fc.Arbitrary<unknown>) =>
  fc.array(fc.tuple(field, value), { maxLength: 6 }).map((all) => Object.fromEntries(all));

test('a strict object names every field that it does not know, at any depth, whatever else is wrong', () => {
  fc.assert(
    fc.property(fields(fc.oneof(fc.constant(1), fields(fc.constant('x')))), (input) => {
      const { issues = [] } = v.safeParse(schema, input, { message: validationMessage });
      const unknown = Object.keys(input).filter((key) => !['a', 'in'].includes(key));
      const inner = Object.hasOwn(input, 'in') ? Object.keys(Object(input.in)) : [];
      const expected = [
        ...unknown,
        ...inner.filter((key) => key !== 'b').map((key) => `in.${key}`),
      ];
      expect(issues.filter(isUnknownField).map(fieldOf).toSorted()).toEqual(expected.toSorted());
    }),
  );
});
