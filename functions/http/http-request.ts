/** A request as the operations see it, and the parts of it that they ask for. */

import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as v from 'valibot';
import type { RequestAccess } from '../access/access.ts';
import type { NamedCounter } from '../counters/named-counter.ts';
import { limits } from '../rules/limits.ts';
import { parseToken } from '../rules/tokens.ts';
import {
  describeIssue,
  type FoundIssue,
  fieldOf,
  isUnknownField,
  validationMessage,
} from '../rules/validation-messages.ts';
import { Problem } from './problem.ts';
import type { ProblemCode } from './problems.ts';

export interface HttpRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly event: APIGatewayProxyEventV2;
  /** The media type that the caller prefers, by its Accept header. */
  readonly mediaType: string;
  readonly access: RequestAccess;
  /** The counter in the path, which is parsed once. @throws Problem invalid_subject, unknown_counter */
  readonly counter: () => NamedCounter;
  /** The problem that an error is answered with. An error that is not the caller's is logged. */
  readonly problemOf: (error: unknown) => Problem;
}

/** The code of a mistake in a field, where the field has a code of its own. */
const fieldCodes: ReadonlyMap<string, ProblemCode> = new Map([
  ['action', 'invalid_action'],
  ['amount', 'invalid_amount'],
  ['window', 'invalid_window'],
  ['consistent', 'invalid_consistent'],
  ['from', 'invalid_range'],
  ['to', 'invalid_range'],
  ['last', 'invalid_range'],
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

/** The caller's idempotency key, if it sent one. @throws Problem invalid_idempotency_key */
export const tokenOf = ({ event }: HttpRequest): string | undefined =>
  parseIdempotencyKey(event.headers['idempotency-key']);

/** @throws Problem invalid_idempotency_key */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = parseToken(header);
  if (token === undefined) {
    throw new Problem(
      'invalid_idempotency_key',
      `An Idempotency-Key is 1 to ${limits.tokenLength} visible ASCII characters.`,
    );
  }
  return token;
}

/** Whether the caller wants nothing but the status back (RFC 7240). */
export function wantsMinimal({ event }: HttpRequest): boolean {
  return /(?:^|[,;\s])return=minimal(?:$|[,;\s])/i.test(event.headers.prefer ?? '');
}

/** Runs for every request, even if its body is ignored. @throws Problem body_too_large */
export function checkBodySize({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): void {
  const bytes = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes <= limits.bodyBytes) return;
  throw new Problem(
    'body_too_large',
    `The body has ${bytes} bytes; at most ${limits.bodyBytes} are allowed.`,
  );
}

/** The body, checked by a schema. @throws Problem invalid_json, invalid_body, … */
export function bodyOf<T extends v.GenericSchema>(
  { event }: HttpRequest,
  schema: T,
): v.InferOutput<T> {
  return parse(schema, jsonOf(event), 'The body');
}

/** As `bodyOf`, for a body that may be left out. */
export function optionalBodyOf<T extends v.GenericSchema>(
  request: HttpRequest,
  schema: T,
): v.InferOutput<T> {
  return request.event.body ? bodyOf(request, schema) : parse(schema, {}, 'The body');
}

/** The query parameters, checked by a schema; others are ignored. @throws Problem invalid_… */
export function queryOf<T extends v.GenericSchema>(
  { event }: HttpRequest,
  schema: T,
): v.InferOutput<T> {
  return parse(schema, { ...event.queryStringParameters }, 'The query');
}

function jsonOf(event: APIGatewayProxyEventV2): unknown {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.length === 0) throw new Problem('invalid_json', 'The body is empty.');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Problem('invalid_json', 'The body is not JSON.');
  }
}

/**
 * Checks an input by a schema.
 *
 * @param whole what to call the input in a message
 * @throws Problem with the code of the first field that is wrong
 */
export function parse<T extends v.GenericSchema>(
  schema: T,
  input: unknown,
  whole: string,
): v.InferOutput<T> {
  // Schemas of objects take lists as well.
  if (Array.isArray(input)) throw new Problem('invalid_body', `${whole} must be a JSON object.`);
  const result = v.safeParse(schema, input, { message: validationMessage });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Problem(codeOf(issue), `${describeIssue(issue, whole)}.`);
}

function codeOf(issue: FoundIssue): ProblemCode {
  if (isUnknownField(issue)) return 'unknown_field';
  const [field = ''] = fieldOf(issue).split('.');
  return fieldCodes.get(field) ?? 'invalid_body';
}
