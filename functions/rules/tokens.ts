/**
 * Idempotency keys as callers send them.
 *
 * The header follows draft-ietf-httpapi-idempotency-key-header: a structured-field string
 * (`"8e03978e-…"`); most clients send the bare value, which is accepted as well and means the same.
 * A comma needs the quotes: HTTP joins a header that came twice with one, and two keys are no key.
 */
import { limits } from './limits.ts';

const bareToken = new RegExp(`^[\\x21-\\x7e]{1,${limits.tokenLength}}$`);
const bareHeader = /^[^",][^,]*$/;
const quotedToken = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const uuidV7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The token in a header value, unquoted; undefined if the value is not one. */
export function parseToken(header: string): string | undefined {
  const value = header.trim();
  const quoted = quotedToken.exec(value)?.[1]?.replaceAll(/\\(["\\])/g, '$1');
  const token = quoted ?? (bareHeader.test(value) ? value : '');
  return bareToken.test(token) ? token : undefined;
}

/** What is wrong with a header value that is not a token, to follow its name. */
export function describeBadToken(header: string): string {
  const value = header.trim();
  const quoted = quotedToken.exec(value)?.[1]?.replaceAll(/\\(["\\])/g, '$1');
  const token = quoted ?? value;
  if (token === '') return 'is empty';
  if (token.length > limits.tokenLength) {
    return `has ${token.length} characters; at most ${limits.tokenLength} are allowed`;
  }
  if (/\s/.test(token)) return 'has a space in it';
  if (/[^\x21-\x7e]/.test(token)) return 'has a character that is not visible ASCII';
  if (value.startsWith('"')) return 'begins with a quotation mark, but is not one string in quotes';
  return 'has a comma, as if it had come twice; put it in quotes, such as "order,17"';
}

export type TokenAge = 'ok' | 'too_old' | 'in_the_future';

/**
 * Judges a token that carries its own time (UUIDv7, RFC 9562). One older than tokens are remembered
 * is refused, because nobody could tell any more whether it was counted; one from further ahead
 * than that would have to be remembered too long. Other tokens carry no time and are `ok`.
 */
export function tokenAge(token: string, nowMs: number, lifetimeMs: number): TokenAge {
  const madeAtMs = uuidV7TimeMs(token);
  if (madeAtMs === undefined) return 'ok';
  if (nowMs - madeAtMs > lifetimeMs) return 'too_old';
  return madeAtMs - nowMs > lifetimeMs ? 'in_the_future' : 'ok';
}

/**
 * When a token may be forgotten, in epoch seconds: its lifetime after it arrived, or after the time
 * it carries if that is later, so that a stored token always outlives its acceptance.
 */
export function tokenExpiry(token: string, nowMs: number, lifetimeMs: number): number {
  const fromMs = Math.max(nowMs, uuidV7TimeMs(token) ?? 0);
  return Math.ceil((fromMs + lifetimeMs) / 1000) + limits.tokenGraceSeconds;
}

/** Whether a token says when it was made. */
export const carriesTime = (token: string): boolean => uuidV7TimeMs(token) !== undefined;

/**
 * For how long tokens have been kept, when that was configured differently before. One that carries
 * its time is judged by this: raising the setting brings nothing back that is forgotten.
 */
export interface TokenLife {
  /** As configured now. */
  readonly hours: number;
  /** Those made before `sinceMs` were kept for this long, and no more can be relied on. */
  readonly hoursBefore: number;
  /** Epoch ms: tokens that say they were made from then on are kept for `hours`. */
  readonly sinceMs: number;
}

/** The life of tokens in a table that has none yet. */
export const newTokenLife = (hours: number): TokenLife => ({
  hours,
  hoursBefore: hours,
  sinceMs: 0,
});

/** The longest age up to which every token has been kept, in hours. */
export function trustedTokenHours(
  { hours, hoursBefore, sinceMs }: TokenLife,
  nowMs: number,
): number {
  return Math.min(hours, Math.max(hoursBefore, (nowMs - sinceMs) / 3_600_000));
}

/**
 * For how long tokens have been kept once the setting is another one. Functions of the deployment
 * before may still keep tokens by the shorter setting for a while, and take some that say they will be
 * made only as many hours from now.
 *
 * @returns the very same if the setting is
 */
export function changedTokenLife(life: TokenLife, hours: number, nowMs: number): TokenLife {
  if (hours === life.hours) return life;
  const hoursBefore = Math.min(hours, trustedTokenHours(life, nowMs));
  if (hours < life.hours) return { hours, hoursBefore, sinceMs: life.sinceMs };
  const overlapMs = limits.deploymentOverlapSeconds * 1000;
  const sinceMs = nowMs + overlapMs + life.hours * 3_600_000;
  return { hours, hoursBefore, sinceMs: Math.max(sinceMs, life.sinceMs) };
}

function uuidV7TimeMs(token: string): number | undefined {
  const match = uuidV7.exec(token);
  return match ? Number.parseInt(`${match[1]}${match[2]}`, 16) : undefined;
}
