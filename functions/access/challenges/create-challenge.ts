import type { Secrets } from '../../counters/secrets.ts';
import type { VisitorSettings } from '../../counters/visitor-settings.ts';
import { createCaptcha } from './captcha.ts';
import type { Challenge } from './challenge.ts';
import { createProofOfWork } from './proof-of-work.ts';

/** What the deployment knows of its challenge, beside the configuration. */
export interface ChallengeEnvironment {
  /** The secret of the site at the provider of a captcha. */
  readonly secret?: string | undefined;
  /** Where the provider verifies, if not at its usual address. */
  readonly url?: string | undefined;
  /** The bits of a proof of work, instead of those that are configured. */
  readonly bits?: number | undefined;
}

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
        throw new Error(`the challenge ${type} takes a secret, and none is set`);
      return createCaptcha({ type, siteKey, secret, url });
    }
  }
}
