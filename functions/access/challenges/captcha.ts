/**
 * Turnstile and hCaptcha: a widget in the page makes the solution, and the provider says whether it is
 * right. Both speak the same protocol, a form sent to `siteverify`, and take each solution once.
 */
import * as v from 'valibot';
import { refuse } from '../../counters/refusals.ts';
import { limits } from '../../rules/limits.ts';
import { type Challenge, ChallengeUnavailableError } from './challenge.ts';

const verdictSchema = v.object({
  success: v.boolean(),
  'error-codes': v.optional(v.array(v.string()), []),
});

/** What is wrong with the deployment or the provider, and not with the solution. */
const notOfTheSolution =
  /^(?:missing-input-secret|invalid-input-secret|sitekey-secret-mismatch|internal-error)$/;

export function createCaptcha({
  type,
  siteKey,
  secret,
  url,
}: {
  type: 'turnstile' | 'hcaptcha';
  siteKey: string;
  secret: string;
  /** Where the provider verifies. */
  url: string;
}): Challenge {
  async function verdictOn(solution: string) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: new URLSearchParams({ secret, response: solution }),
        signal: AbortSignal.timeout(limits.challengeMs),
        redirect: 'error',
      });
      // A refusal may come with a status of its own, and says why in its body all the same.
      return v.parse(verdictSchema, await response.json());
    } catch (error) {
      throw new ChallengeUnavailableError(`${type} does not verify`, { cause: error });
    }
  }

  return {
    ask: async () => ({ type, siteKey }),

    async check(solution) {
      const { success, 'error-codes': codes } = await verdictOn(solution);
      if (success) return { ok: true, visitor: undefined };
      const fault = codes.find((code) => notOfTheSolution.test(code));
      if (fault !== undefined) throw new ChallengeUnavailableError(`${type} answers ${fault}`);
      return refuse('challenge_required', 'The solution is wrong, too old, or was used before.');
    },
  };
}
