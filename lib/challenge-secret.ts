import { SecretValue } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { environmentNames } from '../functions/runtime/environment-names.ts';

/** How newcomers become visitors, in tally.config.ts. */
export interface Challenge {
  readonly type: 'none' | 'proof-of-work' | 'turnstile' | 'hcaptcha';
}

/**
 * Gives a function the secret of the site at the provider of the configured captcha. The template holds a
 * reference alone: CloudFormation looks the secret up in Secrets Manager when it deploys.
 *
 * @param secretName of the secret in Secrets Manager
 * @throws Error for people, if the challenge takes a secret and none is named, or the other way round
 */
export function addChallengeSecret(
  writer: Pick<LambdaFunction, 'addEnvironment'>,
  { type }: Challenge,
  secretName: string | undefined,
): void {
  const isCaptcha = type === 'turnstile' || type === 'hcaptcha';
  if (!isCaptcha && secretName === undefined) return;
  if (!isCaptcha) {
    throw new Error(
      `context "challengeSecret": the challenge in tally.config.ts is ${type}, which has none`,
    );
  }
  if (secretName === undefined) {
    throw new Error(
      `context "challengeSecret": ${type} needs the name of its secret in Secrets Manager`,
    );
  }
  const secret = SecretValue.secretsManager(secretName);
  writer.addEnvironment(environmentNames.challengeSecret, secret.unsafeUnwrap());
}
