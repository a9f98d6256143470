import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, test } from 'vitest';
import { addChallengeSecret } from '../../../lib/challenge-secret.ts';

function templateOf(type: 'none' | 'proof-of-work' | 'turnstile' | 'hcaptcha', name?: string) {
  const stack = new Stack(new App(), 'Test');
  const writer = new LambdaFunction(stack, 'Write', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('export const handler = 0;'),
  });
  addChallengeSecret(writer, { type }, name);
  return Template.fromStack(stack);
}

describe('the secret of a captcha', () => {
  test.each(['turnstile', 'hcaptcha'] as const)('of %s is in no template', (type) => {
    const functions = templateOf(type, 'tally/captcha').findResources('AWS::Lambda::Function');
    const reference = '{{resolve:secretsmanager:tally/captcha:SecretString:::}}';
    expect(Object.values(functions)).toMatchObject([
      { Properties: { Environment: { Variables: { TALLY_CHALLENGE_SECRET: reference } } } },
    ]);
  });

  test('that is missing stops the deployment, and not its callers later', () => {
    expect(() => templateOf('turnstile')).toThrow(/"challengeSecret": turnstile needs the name/);
  });

  test('is not taken where the challenge has none', () => {
    for (const type of ['none', 'proof-of-work'] as const) {
      expect(() => templateOf(type, 'tally/captcha')).toThrow(/"challengeSecret"/);
      expect(() => templateOf(type)).not.toThrow();
    }
  });
});
