import { limits } from './limits.ts';

/**
 * Names are parts of DynamoDB keys, joined by `#`; none may contain it, and none may be empty.
 * Letters and digits first, then also the characters that a URL path carries unescaped.
 */
const namePattern = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._:~-]{0,${limits.nameLength - 1}}$`);
const counterNamePattern = new RegExp(`^[a-z][a-z0-9-]{0,${limits.counterNameLength - 1}}$`);

/** First path segments that routes use, so no subject may have them as its name. */
const reservedSubjects: ReadonlySet<string> = new Set([
  'v1',
  'users',
  'batch',
  'keys',
  'passes',
  'health',
  'assets',
]);
/** Second path segments that routes use, so no counter may have them as its name. */
const reservedCounterNames: ReadonlySet<string> = new Set(['settings']);

/** Whether a subject, member or user may have this name; subjects have a few reserved ones besides. */
export const isName = (text: string): boolean => namePattern.test(text);

export const isReservedSubject = (text: string): boolean => reservedSubjects.has(text);

/** Counter names are also segments of live-update channels: lower-case letters, digits, dashes. */
export const isCounterName = (text: string): boolean => counterNamePattern.test(text);

export const isReservedCounterName = (text: string): boolean => reservedCounterNames.has(text);
