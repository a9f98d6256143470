import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import type { CounterFunction } from './counter-function.ts';

export interface OriginSecretProps {
  /** Another number makes another secret. */
  readonly version: number;
}

/**
 * What CloudFront shows to the functions, so that the API's own address is no way around it. It is
 * generated in the account, and CloudFormation alone reads it, at deployment: the functions get it in their
 * environment, which costs no call. They also accept the version before, so that a rotation refuses nobody
 * while it spreads through CloudFront.
 */
export class OriginSecret extends Construct {
  /** A reference that CloudFormation resolves. */
  readonly value: string;
  private readonly accepted: readonly string[];

  constructor(scope: Construct, id: string, { version }: OriginSecretProps) {
    super(scope, id);
    this.accepted = [version, version - 1].filter((it) => it > 0).map((it) => this.generate(it));
    this.value = this.accepted[0] ?? '';
  }

  /** Lets a function refuse what does not come through CloudFront. */
  addTo({ lambda }: CounterFunction): void {
    lambda.addEnvironment(environmentNames.originSecrets, this.accepted.join(','));
  }

  private generate(version: number): string {
    const secret = new Secret(this, `Version${version}`, {
      description: `Tally: what CloudFront shows to the functions, version ${version}`,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'It is rotated by a deployment (context "originSecretVersion"): CloudFront and the functions get it from CloudFormation.',
    });
    return secret.secretValue.unsafeUnwrap();
  }
}
