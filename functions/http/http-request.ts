/** A request as the operations see it: taken apart, its names checked, its body not yet trusted. */

import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as v from 'valibot';
import type { RequestAccess } from '../access/access.ts';
import type { CounterDefinition, CounterKind, TallyConfig } from '../counters/define-counters.ts';
import type { DefinitionOf, NamedCounter } from '../counters/named-counter.ts';
import type { LiveDefinition } from '../counters/show.ts';
import { limits } from '../rules/limits.ts';
import { isName, isReservedSubject } from '../rules/names.ts';
import { parseToken } from '../rules/tokens.ts';
import { Problem } from './problem.ts';
import type { ProblemCode } from './problems.ts';

export interface HttpRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly event: APIGatewayProxyEventV2;
  /** What the caller would rather have, by its Accept header. */
  readonly mediaType: string;
  readonly access: RequestAccess;
  /** What an error means to the caller; one that is nobody's mistake is logged. */
  readonly problemOf: (error: unknown) => Problem;
}

/** Codes of the fields whose mistakes have a code of their own. */
const fieldCodes: ReadonlyMap<string, ProblemCode> = new Map([
  ['action', 'invalid_action'],
  ['amount', 'invalid_amount'],
  ['window', 'invalid_window'],
  ['consistent', 'invalid_consistent'],
  ['from', 'invalid_range'],
  ['to', 'invalid_range'],
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

const nameRule = `1 to ${limits.nameLength} letters, digits and . _ : ~ -, beginning with a letter or digit.`;

/** @throws Problem invalid_subject */
export function parseSubject(subject = ''): string {
  if (!isName(subject)) {
    throw new Problem('invalid_subject', `A subject is ${nameRule}`);
  }
  if (isReservedSubject(subject)) {
    throw new Problem('invalid_subject', `The name "${subject}" is reserved.`);
  }
  return subject;
}

/** @throws Problem invalid_member */
export function parseMember(member = ''): string {
  if (isName(member)) return member;
  throw new Problem('invalid_member', `A member is ${nameRule}`);
}

/** @throws Problem invalid_user */
export function parseUser(user = ''): string {
  if (isName(user)) return user;
  throw new Problem('invalid_user', `A user is ${nameRule}`);
}

/** @throws Problem invalid_subject, unknown_counter */
export function parseCounter(
  { subject, counter = '' }: Readonly<Record<string, unknown>>,
  config: TallyConfig,
): NamedCounter {
  const definition = config.counters.get(String(counter));
  if (!definition) {
    const names = [...config.counters.keys()].join(', ');
    throw new Problem('unknown_counter', `The counters here are ${names}.`);
  }
  return { subject: parseSubject(String(subject)), counter: String(counter), definition };
}

/** The counter, if it is of this kind. */
export function asKind<K extends CounterKind>(
  named: NamedCounter,
  kind: K,
): NamedCounter<DefinitionOf<K>> | undefined {
  const { definition } = named;
  const isOfKind = (it: CounterDefinition): it is DefinitionOf<K> => it.kind === kind;
  return isOfKind(definition) ? { ...named, definition } : undefined;
}

/** @throws Problem wrong_kind */
export function requireKind<K extends CounterKind>(
  named: NamedCounter,
  kind: K,
): NamedCounter<DefinitionOf<K>> {
  const asked = asKind(named, kind);
  if (asked) return asked;
  throw new Problem(
    'wrong_kind',
    `"${named.counter}" is of the kind ${named.definition.kind}; this is for ${kind}.`,
  );
}

/** A counter that shows a number which moves. @throws Problem wrong_kind */
export function requireShown(named: NamedCounter): NamedCounter<LiveDefinition> {
  return asKind(named, 'reaction') ?? asKind(named, 'presence') ?? requireKind(named, 'count');
}

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

/** Of any request, also of one whose body nobody reads. @throws Problem body_too_large */
export function checkBodySize({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): void {
  const bytes = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes > limits.bodyBytes) throw new Problem('body_too_large', `The body has ${bytes} bytes.`);
}

/** The body, as the schema says. @throws Problem invalid_json, invalid_body, … */
export function bodyOf<T extends v.GenericSchema>(
  { event }: HttpRequest,
  schema: T,
): v.InferOutput<T> {
  return parse(schema, jsonBodyOf(event));
}

/** As `bodyOf`, for a body that may be left out. */
export function optionalBodyOf<T extends v.GenericSchema>(
  request: HttpRequest,
  schema: T,
): v.InferOutput<T> {
  return request.event.body ? bodyOf(request, schema) : parse(schema, {});
}

/** The query parameters, as the schema says; others are let be. @throws Problem invalid_… */
export function queryOf<T extends v.GenericSchema>(
  { event }: HttpRequest,
  schema: T,
): v.InferOutput<T> {
  return parse(schema, { ...event.queryStringParameters });
}

function jsonBodyOf(event: APIGatewayProxyEventV2): unknown {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw new Problem('invalid_json', body.length === 0 ? 'The body is empty.' : 'Not JSON.');
  }
  // The schemas of objects take arrays as well.
  if (Array.isArray(parsed)) throw new Problem('invalid_body', 'The body must be a JSON object.');
  return parsed;
}

/** @throws Problem with the code of the first field that is wrong */
export function parse<T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  if (field === null) throw new Problem('invalid_body', 'The body must be a JSON object.');
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    throw new Problem('unknown_field', `There is no field "${field}" here.`);
  }
  throw new Problem(
    fieldCodes.get(field.split('.')[0] ?? '') ?? 'invalid_body',
    `${field}: ${issue.message}`,
  );
}
