/**
 * Passes: short-lived credentials for one browser. A pass is its own proof, claims that Tally has
 * signed: nothing is stored or looked up.
 *
 * A server with an API key makes passes for its own users, so that a public page can vote without an
 * open counter. Calls with such a pass count towards the call limit of the API key. A visitor without an
 * account gets a pass from Tally itself (visitors.ts), which has no scope: it opens what the
 * configuration leaves to visitors.
 */
import * as v from 'valibot';
import type { SecretsNow } from '../counters/secrets.ts';
import { isName } from '../rules/names.ts';
import { actions, isSubjectPattern, type Scope } from '../rules/scopes.ts';
import type { CallingKey } from './access.ts';
import { sign, verify } from './signatures.ts';

interface AnyPass {
  /** The member and user that it acts as, and no other. */
  readonly member: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export interface MemberPass extends AnyPass {
  readonly of: 'member';
  readonly scope: Scope;
  /** The API key it was made with. One without a call limit is left out. */
  readonly key?: CallingKey | undefined;
}

export interface VisitorPass extends AnyPass {
  readonly of: 'visitor';
}

export type Pass = MemberPass | VisitorPass;

export type VerifiedPass =
  | { readonly outcome: 'valid' | 'expired'; readonly pass: Pass }
  /** It is signed by a version of the secret that has ended. */
  | { readonly outcome: 'ended' }
  | { readonly outcome: 'forged' };

const prefix = 'pass_';
const purpose = 'pass';

/** Claims have short names, because a pass travels with every request. */
const memberClaims = v.object({
  m: v.pipe(v.string(), v.check(isName)),
  a: v.array(v.picklist(actions)),
  s: v.array(v.pipe(v.string(), v.check(isSubjectPattern))),
  c: v.optional(v.array(v.string())),
  x: v.pipe(v.number(), v.integer()),
  k: v.optional(v.strictTuple([v.pipe(v.string(), v.check(isName)), v.number()])),
});
const visitorClaims = v.object({
  v: v.pipe(v.string(), v.check(isName)),
  x: v.pipe(v.number(), v.integer()),
});
const claimsSchema = v.union([memberClaims, visitorClaims]);

export const signPass = (pass: Pass, { signing }: Pick<SecretsNow, 'signing'>): string =>
  `${prefix}${sign(JSON.stringify(claimsOf(pass)), purpose, signing)}`;

/** Whether a credential says that it is a pass; it may be forged. */
export const isPass = (text: string): boolean => text.startsWith(prefix);

export function verifyPass(text: string, secrets: SecretsNow, nowMs: number): VerifiedPass {
  if (!isPass(text)) return { outcome: 'forged' };
  const verified = verify(text.slice(prefix.length), purpose, secrets);
  if (verified.outcome !== 'genuine') return verified;
  // We signed it, so `signPass` made it; it is parsed all the same, like everything from outside.
  const claims = v.safeParse(claimsSchema, JSON.parse(verified.payload));
  if (!claims.success) return { outcome: 'forged' };
  const pass = passOf(claims.output);
  return { outcome: pass.expiresAt * 1000 <= nowMs ? 'expired' : 'valid', pass };
}

function claimsOf(pass: Pass): v.InferInput<typeof claimsSchema> {
  if (pass.of === 'visitor') return { v: pass.member, x: pass.expiresAt };
  const { member, scope, expiresAt, key } = pass;
  return {
    m: member,
    a: [...scope.actions],
    s: [...scope.subjects],
    c: scope.counters && [...scope.counters],
    x: expiresAt,
    k: key?.callsPerMinute === undefined ? undefined : [key.id, key.callsPerMinute],
  };
}

function passOf(claims: v.InferOutput<typeof claimsSchema>): Pass {
  if ('v' in claims) return { of: 'visitor', member: claims.v, expiresAt: claims.x };
  const { m: member, a, s: subjects, c: counters, x: expiresAt, k } = claims;
  const key = k && { id: k[0], callsPerMinute: k[1] };
  return { of: 'member', member, scope: { actions: a, subjects, counters }, expiresAt, key };
}
