/**
 * Proof of work, after Hashcash (Back 2002): the solution is a text that begins with the seed, and whose
 * SHA-256 begins with so many zero bits. Finding one takes 2^bits attempts on average; checking takes one.
 *
 * The seed is signed, with the address that asked for it, so nothing is stored. A seed is good for one
 * visitor, whose id is made from it: sent again, after a lost answer or by an attacker who wants more
 * of the same work, it gives the same visitor.
 */
import { createHash, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { refuse } from '../../counters/refusals.ts';
import type { Secrets } from '../../counters/secrets.ts';
import { limits } from '../../rules/limits.ts';
import { sign, verify } from '../signatures.ts';
import { visitorId } from '../visitor-id.ts';
import type { Challenge } from './challenge.ts';

/** Short names, because the seed is sent twice. */
const seedSchema = v.object({ x: v.number(), b: v.number(), r: v.string() });

export function createProofOfWork({
  secrets,
  bits,
  now,
}: {
  secrets: Secrets;
  bits: number;
  /** Epoch ms. */
  now: () => number;
}): Challenge {
  return {
    async ask(address) {
      const expiresAt = Math.floor(now() / 1000) + limits.challengeSeconds;
      const claims = { x: expiresAt, b: bits, r: randomBytes(9).toString('base64url') };
      const { signing } = await secrets.now();
      const seed = sign(JSON.stringify(claims), purposeOf(address), signing);
      return { type: 'proof-of-work', seed, bits, expiresAt };
    },

    async check(solution, address) {
      const seed = solution.slice(0, Math.max(0, solution.indexOf(':')));
      const verified = verify(seed, purposeOf(address), await secrets.now());
      if (verified.outcome !== 'genuine') {
        return refuseSolution(
          'does not begin with a seed that was sent to this address, and a colon',
        );
      }
      const { x: expiresAt, b: bitsAsked } = v.parse(seedSchema, JSON.parse(verified.payload));
      if (expiresAt * 1000 <= now()) return refuseSolution('is of a seed that has expired');
      if (leadingZeroBits(createHash('sha256').update(solution).digest()) < bitsAsked) {
        return refuseSolution(`has a SHA-256 that does not begin with ${bitsAsked} zero bits`);
      }
      return { ok: true, visitor: visitorId(createHash('sha256').update(seed).digest()) };
    },
  };
}

const purposeOf = (address = 'here'): string => `challenge#${address}`;

const refuseSolution = (what: string) => refuse('challenge_required', `The solution ${what}.`);

function leadingZeroBits(digest: Buffer): number {
  const index = digest.findIndex((byte) => byte !== 0);
  return index === -1 ? digest.length * 8 : index * 8 + Math.clz32(digest[index] ?? 0) - 24;
}
