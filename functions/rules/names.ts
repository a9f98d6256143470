/** What subjects, members, users and counters may be called. */
import { limits } from './limits.ts';

/**
 * Names are parts of DynamoDB keys, joined by `#`, so a name is not empty and has no `#`. A letter
 * or digit comes first; the rest may have the characters that a URL path carries unescaped.
 */
export const namePattern = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._:~-]{0,${limits.nameLength - 1}}$`);
const counterNamePattern = new RegExp(`^[a-z][a-z0-9-]{0,${limits.counterNameLength - 1}}$`);

/** The rules in words, for messages. */
export const nameRule = `1 to ${limits.nameLength} characters: letters, digits and . _ : ~ - (the first one a letter or digit)`;
export const counterNameRule = `1 to ${limits.counterNameLength} lower-case letters, digits and dashes, beginning with a letter`;

/**
 * Where a path has a subject, these words belong to routes of Tally, of today or of later. They are
 * reserved from the start: a word taken later would hide the subject of somebody who used it.
 */
export const reservedSubjects: readonly string[] = [
  'v1',
  'admin',
  'assets',
  'batch',
  'console',
  'docs',
  'embed',
  'health',
  'jwt',
  'keys',
  'live',
  'llms.txt',
  'members',
  'openapi.json',
  'passes',
  'status',
  'subjects',
  'top',
  'users',
  'visitors',
];
/** The same, where a path has a counter. */
export const reservedCounters: readonly string[] = ['home', 'live', 'settings'];
/** The same, where a path has a member or user: `me` is the caller. */
export const me = 'me';
export const reservedMembers: readonly string[] = [me];

/** Whether a text is written as the name of a subject, member or user. */
export const isName = (text: string): boolean => namePattern.test(text);

/** Whether a text is written as the name of a counter. */
export const isCounterName = (text: string): boolean => counterNamePattern.test(text);

export const isReservedSubject = (text: string): boolean => reservedSubjects.includes(text);

export const isReservedCounter = (text: string): boolean => reservedCounters.includes(text);

export const isReservedMember = (text: string): boolean => reservedMembers.includes(text);
