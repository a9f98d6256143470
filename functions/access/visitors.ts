/**
 * Visitors: people without an account. Tally itself gives one a pass, for a random id, once a challenge is
 * solved. The pass lasts a day or so; with the old one comes a new one for the same id, so that a visitor
 * that returns within a month is still the same, and has one vote.
 */
import { randomBytes } from 'node:crypto';
import { type Refusal, refuse } from '../counters/refusals.ts';
import type { Secrets } from '../counters/secrets.ts';
import type { VisitorSettings } from '../counters/visitor-settings.ts';
import { limits } from '../rules/limits.ts';
import type { Credential, LimitRefusal } from './access.ts';
import type { Challenge, Question } from './challenges/challenge.ts';
import { isPass, signPass, verifyPass } from './passes.ts';
import { visitorId } from './visitor-id.ts';

export interface IssuedPass {
  readonly ok: true;
  readonly pass: string;
  readonly visitor: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** Whether the visitor is not one that came with an old pass. */
  readonly isNew: boolean;
}

export interface ChallengeRequired extends Refusal<'challenge_required'> {
  readonly question: Question;
}

export type NewcomerRefusal =
  | ChallengeRequired
  | Refusal<'invalid_key' | 'forbidden'>
  | LimitRefusal;

export interface VisitorRequest {
  readonly credential: Credential;
  /** Where it comes from in the network; undefined for this machine, which has no limits. */
  readonly address: string | undefined;
  readonly solution: string | undefined;
}

export interface Visitors {
  /** @throws ChallengeUnavailableError, OutcomeUnknownError, StoreUnavailableError */
  givePass(request: VisitorRequest): Promise<IssuedPass | NewcomerRefusal>;
}

export function createVisitors({
  secrets,
  challenge,
  settings: { passHours },
  limitNewcomers,
  now,
}: {
  secrets: Secrets;
  /** Undefined if newcomers have to solve nothing. */
  challenge: Challenge | undefined;
  settings: Pick<VisitorSettings, 'passHours'>;
  /** Counts a newcomer from an address. @returns a refusal beyond the limit */
  limitNewcomers: (address: string) => Promise<LimitRefusal | undefined>;
  /** Epoch ms. */
  now: () => number;
}): Visitors {
  async function issue(visitor: string, isNew: boolean): Promise<IssuedPass> {
    const expiresAt = Math.floor(now() / 1000) + passHours * 3600;
    const pass = signPass({ of: 'visitor', member: visitor, expiresAt }, await secrets.now());
    return { ok: true, pass, visitor, expiresAt, isNew };
  }

  /** The visitor of an old pass; undefined for a newcomer. */
  async function visitorOf(
    credential: Credential,
  ): Promise<string | undefined | Refusal<'invalid_key' | 'forbidden'>> {
    if (credential.type === 'none') return undefined;
    if (credential.type === 'verified' || !isPass(credential.text)) return refuseOthers();
    const verified = verifyPass(credential.text, await secrets.now(), now());
    if (verified.outcome === 'forged') return refuse('invalid_key', 'The pass is not genuine.');
    if (verified.outcome === 'ended') return undefined;
    const { pass } = verified;
    if (pass.of !== 'visitor') return refuseOthers();
    const renewableUntilMs = (pass.expiresAt + limits.renewPassSeconds) * 1000;
    return now() < renewableUntilMs ? pass.member : undefined;
  }

  async function askFor(asked: Challenge, address: string | undefined, detail: string) {
    return { ...refuse('challenge_required', detail), question: await asked.ask(address) };
  }

  return {
    async givePass({ credential, address, solution }) {
      const known = await visitorOf(credential);
      if (typeof known === 'object') return known;
      if (known !== undefined) return issue(known, false);
      if (challenge && solution === undefined) {
        return askFor(challenge, address, 'Solve the challenge, and send the solution.');
      }
      // Attempts count, not visitors: checking a solution may cost a call to a provider.
      const refusal = address === undefined ? undefined : await limitNewcomers(address);
      if (refusal) return refusal;
      const solved = await challenge?.check(solution ?? '', address);
      if (challenge && solved?.ok === false) return askFor(challenge, address, solved.detail);
      const visitor = solved?.ok ? solved.visitor : undefined;
      return issue(visitor ?? visitorId(randomBytes(16)), true);
    },
  };
}

const refuseOthers = () =>
  refuse('forbidden', 'Only a pass that was made for a visitor can be renewed here.');
