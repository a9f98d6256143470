/** The documentation of path parameters and headers, each with the problems it can cause. */
import * as v from 'valibot';
import type { ProblemCode } from '../functions/http/problems.ts';
import { assets } from '../functions/pages/assets.ts';
import { limits } from '../functions/rules/limits.ts';
import { namePattern } from '../functions/rules/names.ts';

export interface ParameterDoc {
  readonly description: string;
  readonly schema: v.GenericSchema;
  /** The value that the docs page starts with. */
  readonly example?: string;
  readonly problems: readonly ProblemCode[];
}

export interface HeaderDoc {
  readonly description: string;
  /** Whether every answer that names it has it. */
  readonly required: boolean;
  readonly schema: v.GenericSchema;
}

const name = v.pipe(v.string(), v.regex(namePattern));

/** By the name in the braces of the path. */
export const pathParameters: Readonly<Record<string, ParameterDoc>> = {
  subject: {
    description: 'The thing that is counted on, by an id of your own.',
    schema: name,
    example: 'post-42',
    problems: ['invalid_subject'],
  },
  counter: {
    description: 'A counter that is defined in `tally.config.ts`.',
    schema: v.string(),
    example: 'likes',
    problems: ['unknown_counter'],
  },
  member: {
    description:
      'A user, viewer or visitor, by an id of your own. `me` is the member that the pass of the caller is of.',
    schema: name,
    example: 'ana',
    problems: ['invalid_member'],
  },
  user: {
    description:
      'A user, by an id of your own. `me` is the member that the pass of the caller is of.',
    schema: name,
    example: 'ana',
    problems: ['invalid_user'],
  },
  key: {
    description: 'The id of an API key: the part between `tally_` and the next `_`.',
    schema: v.string(),
    example: '9f86d081884c7d65',
    problems: ['unknown_key'],
  },
  asset: {
    description: 'A file that a page loads.',
    schema: v.picklist([...assets.keys()]),
    problems: ['unknown_path'],
  },
};

export const requestHeaders = {
  // It has no example: the docs page would send it with every try, and only the first would count.
  'Idempotency-Key': {
    description: `Makes the change safe to send again: on one counter, the same Idempotency-Key counts once. Make a random UUID for each change and keep it for the retries. API keys share a space of their own, and so do all callers without a credential; each member or visitor with a pass has its own. So a caller without a credential that sends a guessable one may find it used. It has up to ${limits.tokenLength} characters, and may be quoted.`,
    // Quotes and escapes do not count.
    schema: v.pipe(v.string(), v.minLength(1), v.maxLength(2 * limits.tokenLength + 2)),
    problems: ['invalid_idempotency_key', 'idempotency_key_expired', 'idempotency_key_reused'],
  },
  Prefer: {
    description: '`return=minimal` skips the read behind the answer, which is then 204 (RFC 7240).',
    schema: v.string(),
    problems: [],
  },
  'If-None-Match': {
    description: 'The `ETag` of an earlier answer. The new answer is 304 if it would be the same.',
    schema: v.string(),
    problems: [],
  },
} as const satisfies Record<string, ParameterDoc>;

export type RequestHeader = keyof typeof requestHeaders;

export const responseHeaders = {
  ETag: {
    description: 'Changes whenever the answer changes.',
    required: true,
    schema: v.string(),
  },
  'Idempotency-Replayed': {
    description: 'The Idempotency-Key came before: the change had already been accepted.',
    required: false,
    schema: v.literal('true'),
  },
  'Preference-Applied': {
    description: 'The preference that was applied.',
    required: false,
    schema: v.literal('return=minimal'),
  },
  'Retry-After': {
    description: 'Seconds to wait before the request is sent again.',
    required: true,
    schema: v.pipe(v.number(), v.integer(), v.minValue(0)),
  },
  RateLimit: {
    description:
      'What remains of the limit, and the seconds until there is room again (draft-ietf-httpapi-ratelimit-headers).',
    required: true,
    schema: v.string(),
  },
  'RateLimit-Policy': {
    description: 'The name of the limit, its quota and its window in seconds.',
    required: true,
    schema: v.string(),
  },
  'WWW-Authenticate': {
    description: 'How to authenticate.',
    required: true,
    schema: v.literal('Bearer'),
  },
} as const satisfies Record<string, HeaderDoc>;

export type ResponseHeader = keyof typeof responseHeaders;
