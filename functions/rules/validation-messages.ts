/**
 * What is wrong with an input, in our words: for requests, the command line and tally.config.ts
 * alike. A schema library finds the mistake; `validationMessage` is given to it, so that none of
 * its own texts reaches a reader. A message follows the name of a field: `amount` "is missing".
 */

/** A mistake as the schema library describes it, as far as messages need it. */
export interface ValidationIssue {
  readonly type: string;
  readonly input: unknown;
  /** What a schema takes, written as a type: `"read" | "write"`; `never` for an unknown field. */
  readonly expected: string | null;
  readonly received: string;
  /** What a rule compares with: a minimum, a maximum. */
  readonly requirement?: unknown;
}

const unknownField = 'is not a known field';

/** What is wrong, to follow the name of the field. */
export function validationMessage(issue: ValidationIssue): string {
  if (issue.expected === 'never') return unknownField;
  if (issue.received === 'undefined') return 'is missing';
  return rules[issue.type]?.(issue) ?? 'is not valid';
}

/** By what the schema library calls its schemas and rules. */
const rules: Readonly<Record<string, (issue: ValidationIssue) => string>> = {
  string: () => 'must be a string',
  number: () => 'must be a number',
  boolean: () => 'must be true or false',
  array: () => 'must be a list',
  tuple_with_rest: () => 'must be a list',
  object: () => 'must be an object',
  strict_object: () => 'must be an object',
  literal: oneOf,
  picklist: oneOf,
  variant: oneOf,
  integer: () => 'must be a whole number',
  safe_integer: () => 'must be a whole number',
  min_value: ({ requirement }) => `must be at least ${String(requirement)}`,
  max_value: ({ requirement }) => `must be at most ${String(requirement)}`,
  min_length: ({ requirement, input }) =>
    requirement === 1
      ? 'must not be empty'
      : `must have at least ${String(requirement)} ${unitOf(input)}`,
  max_length: ({ requirement, input }) =>
    `must have at most ${String(requirement)} ${unitOf(input)}`,
};

function oneOf({ expected, input }: ValidationIssue): string {
  const options = [...(expected ?? '').matchAll(/"([^"]*)"/g)].map(([, option]) => option);
  const choice = options.length > 1 ? `one of ${options.join(', ')}` : options.join();
  return `must be ${choice}${typeof input === 'string' ? `, not ${quote(input)}` : ''}`;
}

const unitOf = (input: unknown): string => (Array.isArray(input) ? 'entries' : 'characters');

const quotedLength = 40;

/** What came, so that a misspelling can be seen; the beginning is enough. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > quotedLength ? `${text.slice(0, quotedLength)}…` : text);

/** A mistake with its message, and the way to it from the outermost object. */
export interface FoundIssue extends ValidationIssue {
  readonly message: string;
  readonly path?: readonly { readonly key: unknown }[] | undefined;
}

/** The field of a mistake, `scopes.0.actions`; empty if the whole input is of a wrong type. */
export const fieldOf = ({ path = [] }: FoundIssue): string =>
  path.map(({ key }) => String(key)).join('.');

export const isUnknownField = ({ message }: FoundIssue): boolean => message === unknownField;

/**
 * A mistake as a sentence without its full stop.
 *
 * @param whole what to call the input itself: "The body"
 */
export const describeIssue = (issue: FoundIssue, whole: string): string =>
  `${fieldOf(issue) || whole} ${issue.message}`;
