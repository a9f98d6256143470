/** What somebody without an account has to do before it becomes a visitor. */
import type { Refusal } from '../../counters/refusals.ts';

/** What a newcomer is asked for, as it is sent. */
export type Question =
  | {
      readonly type: 'proof-of-work';
      readonly seed: string;
      readonly bits: number;
      /** Epoch seconds. */
      readonly expiresAt: number;
    }
  | { readonly type: 'turnstile' | 'hcaptcha'; readonly siteKey: string };

export interface Solved {
  readonly ok: true;
  /** The visitor that the solution is good for; undefined for a new one each time. */
  readonly visitor: string | undefined;
}

export interface Challenge {
  /** @throws OutcomeUnknownError, StoreUnavailableError */
  ask(address: string | undefined): Promise<Question>;
  /** @throws ChallengeUnavailableError, OutcomeUnknownError, StoreUnavailableError */
  check(
    solution: string,
    address: string | undefined,
  ): Promise<Solved | Refusal<'challenge_required'>>;
}

/** Nobody knows whether a solution is right: who checks it does not answer, or does not know us. */
export class ChallengeUnavailableError extends Error {
  override readonly name = 'ChallengeUnavailableError';
}
