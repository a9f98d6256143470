/**
 * Passes: short-lived credentials that a server with an API key hands to one visitor's browser, so
 * that a public page can vote without an open counter and without a login. A pass is its own proof:
 * claims, and an HMAC over them with the deployment's secret. Nothing is stored or looked up. Calls
 * with a pass count towards the call limit of the API key that it was made with.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { isName } from '../rules/names.ts';
import { actions, isSubjectPattern, type Scope } from '../rules/scopes.ts';
import type { CallingKey } from './access.ts';

export interface Pass {
  /** The visitor it is for. It acts as this member and user only. */
  readonly member: string;
  readonly scope: Scope;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** The API key it was made with. One without a call limit is left out. */
  readonly key?: CallingKey | undefined;
}

/** Room for the longest claims that can be asked for, and short enough for a header. */
const passPattern = /^pass_([A-Za-z0-9_-]{1,4096})\.([A-Za-z0-9_-]{43})$/;

/** Claims have short names, because a pass travels with every request. */
const claimsSchema = v.object({
  m: v.pipe(v.string(), v.check(isName)),
  a: v.array(v.picklist(actions)),
  s: v.array(v.pipe(v.string(), v.check(isSubjectPattern))),
  c: v.optional(v.array(v.string())),
  x: v.pipe(v.number(), v.integer()),
  k: v.optional(v.strictTuple([v.pipe(v.string(), v.check(isName)), v.number()])),
});

export function signPass({ member, scope, expiresAt, key }: Pass, secret: Buffer): string {
  const claims = {
    m: member,
    a: scope.actions,
    s: scope.subjects,
    c: scope.counters,
    x: expiresAt,
    k: key?.callsPerMinute === undefined ? undefined : [key.id, key.callsPerMinute],
  };
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `pass_${payload}.${macOf(payload, secret)}`;
}

/** Whether a credential says that it is a pass; it may be forged. */
export const isPass = (text: string): boolean => text.startsWith('pass_');

/** @returns undefined if the text is not a pass, or a forged or expired one */
export function verifyPass(text: string, secret: Buffer, nowMs: number): Pass | undefined {
  const [, payload, mac] = passPattern.exec(text) ?? [];
  if (payload === undefined || mac === undefined) return undefined;
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(payload, secret)))) return undefined;
  // We signed it, so `signPass` made it; it is parsed all the same, like everything from outside.
  const claims = v.safeParse(
    claimsSchema,
    JSON.parse(Buffer.from(payload, 'base64url').toString()),
  );
  if (!claims.success || claims.output.x * 1000 <= nowMs) return undefined;
  const { m: member, a, s: subjects, c: counters, x: expiresAt, k } = claims.output;
  const key = k && { id: k[0], callsPerMinute: k[1] };
  return { member, scope: { actions: a, subjects, counters }, expiresAt, key };
}

/**
 * The purpose is signed as well, so that no other HMAC made with the secret can serve as a pass. MACs
 * are compared as text, because several base64url texts can stand for the same bytes.
 */
const macOf = (payload: string, secret: Buffer): string =>
  createHmac('sha256', secret).update(`pass#${payload}`).digest('base64url');
