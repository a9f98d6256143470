/** Checks what came by a schema, and says of each mistake which code it has and where it is. */
import * as v from 'valibot';
import {
  describeIssue,
  type FoundIssue,
  isUnknownField,
  validationMessage,
} from '../rules/validation-messages.ts';
import type { Mistake, Place } from './mistake.ts';
import type { ProblemCode } from './problems.ts';

/** The code of a mistake in a field, where the field has a code of its own. */
const fieldCodes: ReadonlyMap<string, ProblemCode> = new Map([
  ['action', 'invalid_action'],
  ['amount', 'invalid_amount'],
  ['cost', 'invalid_cost'],
  ['window', 'invalid_window'],
  ['consistent', 'invalid_consistent'],
  ['from', 'invalid_range'],
  ['to', 'invalid_range'],
  ['last', 'invalid_range'],
  ['limit', 'invalid_limit'],
  ['cursor', 'invalid_cursor'],
  ['time_zone', 'invalid_time_zone'],
  ['day_start', 'invalid_day_start'],
  ['items', 'invalid_items'],
  ['subject', 'invalid_subject'],
  ['counter', 'unknown_counter'],
  ['idempotency_key', 'invalid_idempotency_key'],
  ['choice', 'invalid_choice'],
  ['member', 'invalid_member'],
  ['scopes', 'invalid_scopes'],
  ['calls_per_minute', 'invalid_calls_per_minute'],
  ['actions', 'invalid_pass'],
  ['counters', 'invalid_pass'],
  ['expires_in_seconds', 'invalid_pass'],
]);

/** What is checked: how messages call it, where its fields are, and what an unknown one is. */
export interface Whole {
  readonly name: string;
  readonly unknown: ProblemCode;
  readonly strange: string;
  readonly placeOf: (path: readonly string[]) => Place;
}

export const wholeQuery: Whole = {
  name: 'The query',
  unknown: 'unknown_parameter',
  strange: 'not a known parameter',
  placeOf: ([parameter = '']) => ({ parameter }),
};

/** @param base the way to it in the body, such as `items`, `3` */
export const wholeOfBody = (name = 'The body', base: readonly string[] = []): Whole => ({
  name,
  unknown: 'unknown_field',
  strange: 'not a known field',
  placeOf: (path) => ({ pointer: pointerOf([...base, ...path]) }),
});

export const pointerOf = (path: readonly string[]): string =>
  `#${path.map((step) => `/${encodeStep(step)}`).join('')}`;

/** JSON may escape one half of a character, as in `"\ud800"`, which cannot be percent-encoded. */
const encodeStep = (step: string): string =>
  encodeURIComponent(step.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'));

export type Checked<T> =
  | { readonly ok: true; readonly output: T }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

export function check<T extends v.GenericSchema>(
  schema: T,
  input: unknown,
  whole: Whole,
): Checked<v.InferOutput<T>> {
  if (Array.isArray(input)) {
    // Schemas of objects take lists as well.
    const detail = `${whole.name} must be a JSON object.`;
    return { ok: false, mistakes: [{ code: 'invalid_body', detail, place: whole.placeOf([]) }] };
  }
  const result = v.safeParse(schema, input, {
    message: validationMessage,
    // One mistake a field: a fraction is not too small as well.
    abortPipeEarly: true,
  });
  if (result.success) return { ok: true, output: result.output };
  return { ok: false, mistakes: result.issues.map((issue) => mistakeOf(issue, whole)) };
}

function mistakeOf(issue: FoundIssue, { name, unknown, strange, placeOf }: Whole): Mistake {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  const [field = ''] = path;
  return {
    code: isUnknownField(issue) ? unknown : (fieldCodes.get(field) ?? 'invalid_body'),
    detail: isUnknownField(issue)
      ? `${path.join('.')} is ${strange}.`
      : `${describeIssue(issue, name)}.`,
    place: placeOf(path),
  };
}
