/**
 * Texts that Tally signs with its secret, and so needs not store: `<version>.<payload>.<MAC>`. The MAC
 * (HMAC-SHA-256) covers the purpose, the version of the secret and the payload, so that nothing that
 * is signed for one purpose can serve for another.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SecretsNow } from '../counters/secrets.ts';
import type { SecretVersion } from '../rules/secret-versions.ts';

export type Verified =
  | { readonly outcome: 'genuine'; readonly payload: string }
  /** The version of the secret that is said to have signed it has ended. */
  | { readonly outcome: 'ended' }
  | { readonly outcome: 'forged' };

/** Room for the longest claims that can be asked for, and short enough for a header. */
const signedPattern = /^([1-9]\d{0,8})\.([A-Za-z0-9_-]{1,4096})\.([A-Za-z0-9_-]{43})$/;

/** @param payload any text, which stays readable */
export function sign(payload: string, purpose: string, version: SecretVersion): string {
  const encoded = Buffer.from(payload).toString('base64url');
  return `${version.id}.${encoded}.${macOf(encoded, purpose, version)}`;
}

export function verify(text: string, purpose: string, secrets: SecretsNow): Verified {
  const [, id, encoded, mac] = signedPattern.exec(text) ?? [];
  if (id === undefined || encoded === undefined || mac === undefined) return { outcome: 'forged' };
  const version = secrets.accepted(Number(id));
  if (!version) return { outcome: Number(id) < secrets.newestId ? 'ended' : 'forged' };
  const expected = macOf(encoded, purpose, version);
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(expected))) return { outcome: 'forged' };
  return { outcome: 'genuine', payload: Buffer.from(encoded, 'base64url').toString() };
}

/** MACs are compared as text, because several base64url texts can stand for the same bytes. */
const macOf = (encoded: string, purpose: string, { id, bytes }: SecretVersion): string =>
  createHmac('sha256', bytes).update(`${purpose}#${id}.${encoded}`).digest('base64url');
