/** Who may do what: every route states the right it needs, every counter to whom it gives it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from './problems.ts';

/** What a caller wants to do. */
export interface Need {
  readonly right: 'read' | 'write' | 'admin';
  /** Undefined for what needs a valid key, whatever subjects it is for. */
  readonly subject: string | undefined;
  /** Undefined for what is about the subject as a whole. */
  readonly counter: string | undefined;
  /** The user whose own things these are. */
  readonly user?: string | undefined;
  /** Everybody may, with or without a key. */
  readonly isPublic: boolean;
}

export type Headers = Readonly<Record<string, string | undefined>>;

export interface Access {
  /** @throws Problem key_required, invalid_key */
  authorise(need: Need, headers: Headers): Promise<void>;
}

const bearer = /^Bearer +(\S+) *$/i;

/** @param adminKey the key that has every right, if there is one */
export function createAccess(adminKey: string | undefined): Access {
  const adminDigest = adminKey === undefined ? undefined : digest(adminKey);
  return {
    async authorise({ right, isPublic }, { authorization }) {
      if (isPublic) return;
      const challenge = { headers: { 'www-authenticate': 'Bearer' } };
      if (authorization === undefined) {
        throw new Problem(
          'key_required',
          `This takes a key with the right to ${right}.`,
          challenge,
        );
      }
      const key = bearer.exec(authorization)?.[1];
      const known = key !== undefined && adminDigest && timingSafeEqual(digest(key), adminDigest);
      if (!known) throw new Problem('invalid_key', 'This key is not known here.', challenge);
    },
  };
}

/** Keys are compared by digest: of equal length, and in a time that tells nothing. */
const digest = (key: string): Buffer => createHash('sha256').update(key).digest();
