import { Duration, Stack, Validations } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Construct } from 'constructs';
import { edgeHeaders } from '../functions/http/edge-headers.ts';
import type { CounterFunction } from './counter-function.ts';
import type { EdgeOptions } from './deployment-options.ts';
import { EdgeFirewall } from './edge-firewall.ts';
import { OriginSecret } from './origin-secret.ts';

export interface EdgeProps extends EdgeOptions {
  /** The API's own host. */
  readonly apiHost: string;
  /** Those behind the API. They refuse what does not come through here. */
  readonly functions: readonly CounterFunction[];
}

/**
 * CloudFront and WAF in front of the API: they stop single addresses, absorb floods, and cache what the
 * answers allow to be cached.
 */
export class Edge extends Construct {
  /** Ends without a slash, as the API's own. */
  readonly url: string;

  constructor(scope: Construct, id: string, { apiHost, functions, ...options }: EdgeProps) {
    super(scope, id);
    const secret = new OriginSecret(this, 'OriginSecret', { version: options.originSecretVersion });
    for (const each of functions) secret.addTo(each);
    const firewall = new EdgeFirewall(this, 'Firewall', options);
    Stack.of(this).addStackDependency(firewall);

    const distribution = new Distribution(this, 'Distribution', {
      comment: Stack.of(this).stackName,
      webAclId: firewall.webAclArn,
      httpVersion: HttpVersion.HTTP2_AND_3,
      defaultBehavior: {
        origin: new HttpOrigin(apiHost, {
          protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
          // CloudFront replaces what a viewer sends under this name.
          customHeaders: { [edgeHeaders.originSecret]: secret.value },
        }),
        // Writes are never cached: CloudFront does that with GET and HEAD alone.
        allowedMethods: AllowedMethods.ALLOW_ALL,
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: this.cachePolicy(),
        originRequestPolicy: this.originRequestPolicy(),
        // The functions do it, or not, by the size of an answer.
        compress: false,
      },
    });
    // The functions must accept a secret before CloudFront sends it.
    distribution.node.addDependency(...functions.map(({ lambda }) => lambda));
    acknowledgeFindings(distribution);
    this.url = `https://${distribution.distributionDomainName}`;
  }

  /** Policies have names, of which an account has one set for all regions. */
  private policyName(suffix: string): string {
    const { stackName, region } = Stack.of(this);
    return `${stackName}-${region}-${suffix}`;
  }

  /** An answer is kept as long as its Cache-Control says, and not at all if it says nothing. */
  private cachePolicy(): CachePolicy {
    return new CachePolicy(this, 'CachePolicy', {
      cachePolicyName: this.policyName('reads'),
      comment: 'As Cache-Control says',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.days(1),
      // All that an answer may depend on. They reach the API, too, with every method.
      headerBehavior: CacheHeaderBehavior.allowList('Accept', 'Authorization', 'Origin'),
      queryStringBehavior: CacheQueryStringBehavior.all(),
      cookieBehavior: CacheCookieBehavior.none(),
      enableAcceptEncodingBrotli: true,
      enableAcceptEncodingGzip: true,
    });
  }

  /** `Host` has to be the API's own. A policy has room for ten headers. */
  private originRequestPolicy(): OriginRequestPolicy {
    return new OriginRequestPolicy(this, 'OriginRequestPolicy', {
      originRequestPolicyName: this.policyName('requests'),
      comment: 'What the functions read',
      headerBehavior: OriginRequestHeaderBehavior.allowList(
        edgeHeaders.viewerAddress,
        'Access-Control-Request-Headers',
        'Access-Control-Request-Method',
        'Content-Encoding',
        'Content-Type',
        'Idempotency-Key',
        'If-Match',
        'If-Unmodified-Since',
        'Prefer',
        'Sec-Fetch-Site',
      ),
      queryStringBehavior: OriginRequestQueryStringBehavior.all(),
    });
  }
}

function acknowledgeFindings(distribution: Distribution): void {
  Validations.of(distribution).acknowledge(
    {
      id: 'AwsSolutions-CFR1',
      reason: 'Where callers may be is for each deployment to say; the counters say who may call.',
    },
    {
      id: 'AwsSolutions-CFR3',
      reason:
        'The API has an access log without paths; one of CloudFront would hold paths and queries, which name users and may carry passes.',
    },
    {
      id: 'AwsSolutions-CFR4',
      reason:
        'The name is one of cloudfront.net, with its certificate, for which CloudFront takes no other minimum.',
    },
  );
}
