/** What subjects, members, users and counters may be called. */
import { limits } from './limits.ts';

/** What an e-mail address may have, and what stands in the ids of identity providers: `auth0|62b1…`. */
const nameCharacter = "[A-Za-z0-9._:~@+|!#$&'=?^{}-]";

/**
 * A dot does not come first: clients and caches resolve `.` and `..` in a path. Not taken are
 * `/` and `%`, since API Gateway hands a path over decoded, and `*`, which ends a pattern of subjects.
 */
export const namePattern = new RegExp(`^(?!\\.)${nameCharacter}{1,${limits.nameLength}}$`);
/** A name, its last character perhaps a `*`; or a `*` alone. */
export const subjectPatternForm = new RegExp(
  `^(?!\\.)(?:${nameCharacter}{1,${limits.nameLength}}|${nameCharacter}{0,${limits.nameLength - 1}}\\*)$`,
);
const counterNamePattern = new RegExp(`^[a-z][a-z0-9-]{0,${limits.counterNameLength - 1}}$`);

/** The rules in words, for messages. */
export const nameRule = `1 to ${limits.nameLength} characters: letters, digits and . _ : ~ - @ + | ! # $ & ' = ? ^ { } (the first one not a dot), percent-encoded in a path`;
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
