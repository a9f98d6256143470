/**
 * Passes: short-lived tickets that a server with a key hands to one visitor's browser, so that a
 * public page can vote without an open counter and without a login. A pass is its own proof: the
 * claims, and an HMAC over them with the deployment's secret. Nothing is stored or looked up; but the
 * calls of a pass that was made with a limited key are counted with those of the key.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { isName } from '../rules/names.ts';
import { actions, isSubjectPattern, type Scope } from '../rules/scopes.ts';
import type { CallingKey } from './call-limit.ts';

export interface Pass {
  /** The visitor it is for: it acts as this member and this user, and as no other. */
  readonly member: string;
  readonly scope: Scope;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** The key it was made with; one without a limit of calls is not kept. */
  readonly key?: CallingKey | undefined;
}

/** As long as the claims of `passBody` can get, and no longer than a header may be. */
const passPattern = /^pass_([A-Za-z0-9_-]{1,4096})\.([A-Za-z0-9_-]{43})$/;

/** Claims under short names, because a pass travels with every request. */
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

/** Whether a credential claims to be a pass. */
export const isPass = (text: string): boolean => text.startsWith('pass_');

/** The pass that this text is; undefined if it is forged, broken or expired. */
export function verifyPass(text: string, secret: Buffer, nowMs: number): Pass | undefined {
  const [, payload, mac] = passPattern.exec(text) ?? [];
  if (payload === undefined || mac === undefined) return undefined;
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(payload, secret)))) return undefined;
  // Signed by us, so it is what `signPass` made; parsed all the same, as everything from outside.
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
 * The purpose is signed, too, so that no other HMAC made with the secret is ever a pass. MACs are
 * compared as text, because several texts of base64url mean the same bytes.
 */
const macOf = (payload: string, secret: Buffer): string =>
  createHmac('sha256', secret).update(`pass#${payload}`).digest('base64url');
