/** The filters of the stream's mapping, as far as Tally uses them: what Lambda throws away costs nothing. */
import type { DynamoDBRecord } from 'aws-lambda';

/** Lambda's filter patterns: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html */
export interface Pattern {
  readonly [name: string]: Pattern | readonly Rule[];
}

type Rule =
  | string
  | { readonly prefix: string }
  | { readonly exists: boolean }
  | { readonly 'anything-but': readonly string[] };

export const isWanted = (record: DynamoDBRecord, patterns: readonly Pattern[]): boolean =>
  patterns.length === 0 || patterns.some((pattern) => matches(record, pattern));

function matches(value: unknown, pattern: Pattern): boolean {
  return Object.entries(pattern).every(([name, expected]) => {
    const found = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
    return isRules(expected)
      ? expected.some((rule) => fulfils(found, rule))
      : matches(found, expected);
  });
}

const isRules = (expected: Pattern | readonly Rule[]): expected is readonly Rule[] =>
  Array.isArray(expected);

function fulfils(value: unknown, rule: Rule): boolean {
  if (typeof rule === 'string') return value === rule;
  if ('exists' in rule) return (value !== undefined) === rule.exists;
  if ('prefix' in rule) return typeof value === 'string' && value.startsWith(rule.prefix);
  return typeof value === 'string' && !rule['anything-but'].includes(value);
}
