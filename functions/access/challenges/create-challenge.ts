import type { ChallengeEnvironment } from '../../counters/challenge-environment.ts';
import type { Secrets } from '../../counters/secrets.ts';
import type { VisitorSettings } from '../../counters/visitor-settings.ts';
import { createCaptcha } from './captcha.ts';
import type { Challenge } from './challenge.ts';
import { createProofOfWork } from './proof-of-work.ts';

const usualUrls = {
  turnstile: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
  hcaptcha: 'https://api.hcaptcha.com/siteverify',
} as const;

/**
 * @returns undefined if newcomers have to solve nothing
 * @throws Error if the environment lacks what the configured challenge takes
 */
export function createChallenge({
  settings: { challenge },
  environment,
  secrets,
  now,
}: {
  settings: Pick<VisitorSettings, 'challenge'>;
  environment: ChallengeEnvironment;
  secrets: Secrets;
  now: () => number;
}): Challenge | undefined {
  switch (challenge.type) {
    case 'none':
      return undefined;
    case 'proof-of-work':
      return createProofOfWork({ secrets, bits: environment.bits ?? challenge.bits, now });
    case 'turnstile':
    case 'hcaptcha': {
      const { type, siteKey } = challenge;
      const { secret, url = usualUrls[type] } = environment;
      if (secret === undefined)
        throw new Error(`the environment is incomplete: ${type} takes TALLY_CHALLENGE_SECRET`);
      return createCaptcha({ type, siteKey, secret, url });
    }
  }
}
