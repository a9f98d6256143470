/**
 * The filters of the stream's mapping, as far as Tally uses them: what Lambda throws away costs nothing.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
import type { DynamoDBRecord } from 'aws-lambda';

type Rule =
  | string
  | { readonly prefix: string }
  | { readonly exists: boolean }
  | { readonly 'anything-but': readonly string[] };

/** @param patterns whose leaves are lists of rules, of which one must hold */
export const isWanted = (record: DynamoDBRecord, patterns: readonly object[]): boolean =>
  patterns.some((pattern) => matches(record, pattern));

function matches(value: unknown, pattern: object): boolean {
  return Object.entries(pattern).every(([name, expected]: [string, object]) => {
    const found = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
    return Array.isArray(expected)
      ? (expected as readonly Rule[]).some((rule) => fulfils(found, rule))
      : matches(found, expected);
  });
}

function fulfils(value: unknown, rule: Rule): boolean {
  if (typeof rule === 'string') return value === rule;
  if ('exists' in rule) return (value !== undefined) === rule.exists;
  if ('prefix' in rule) return typeof value === 'string' && value.startsWith(rule.prefix);
  return typeof value === 'string' && !rule['anything-but'].includes(value);
}
