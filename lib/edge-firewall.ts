import { CfnOutput, Fn, Stack } from 'aws-cdk-lib';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import type { EdgeOptions } from './deployment-options.ts';

export type EdgeFirewallProps = Pick<EdgeOptions, 'requestsPerAddress' | 'botControl'>;

/** The only region that takes a web ACL for CloudFront. */
const region = 'us-east-1';
const outputName = 'WebAclArn';

/**
 * AWS WAF for CloudFront, which lives in one region whatever that of the API. So it is a stack of its own,
 * inside the other one's, which reads this one's output at deployment.
 */
export class EdgeFirewall extends Stack {
  constructor(scope: Construct, id: string, { requestsPerAddress, botControl }: EdgeFirewallProps) {
    super(scope, id, { stackName: `${Stack.of(scope).stackName}-Firewall`, env: { region } });
    const tooMany = 'too-many';
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      customResponseBodies: {
        [tooMany]: { contentType: 'APPLICATION_JSON', content: JSON.stringify(tooManyRequests) },
      },
      rules: [addressRule(requestsPerAddress, tooMany), ...(botControl ? [botRule] : [])].map(
        (rule, priority) => ({ ...rule, priority, visibilityConfig: visible(rule.name) }),
      ),
      visibilityConfig: visible('Firewall'),
    });
    new CfnOutput(this, outputName, { value: acl.attrArn, description: 'Read by the main stack' });
  }

  /** For a stack that may be in another region. */
  get webAclArn(): string {
    return Fn.getStackOutput(this.stackName, outputName, region);
  }
}

type Rule = Omit<CfnWebACL.RuleProperty, 'priority' | 'visibilityConfig'>;

/** As API Gateway's own 429, but a problem, which pages of any origin can read. */
const tooManyRequests = {
  type: 'about:blank',
  status: 429,
  code: 'rate_limited',
  title: 'The address has made too many requests',
};

/** WAF counts the requests of the last five minutes, and lets an address through again once it is below. */
function addressRule(limit: number, customResponseBodyKey: string): Rule {
  return {
    name: 'RequestsPerAddress',
    statement: {
      rateBasedStatement: { aggregateKeyType: 'IP', limit, evaluationWindowSec: 300 },
    },
    action: {
      block: {
        customResponse: {
          responseCode: 429,
          customResponseBodyKey,
          responseHeaders: [
            { name: 'retry-after', value: '60' },
            { name: 'access-control-allow-origin', value: '*' },
          ],
        },
      },
    },
  };
}

/**
 * AWS's rules for bots that say or show that they are bots. Servers and scripts with an API key look like
 * bots, too: two of the rules would refuse curl and every HTTP library, so these only count.
 */
const botRule: Rule = {
  name: 'BotControl',
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name: 'AWSManagedRulesBotControlRuleSet',
      managedRuleGroupConfigs: [
        { awsManagedRulesBotControlRuleSet: { inspectionLevel: 'COMMON' } },
      ],
      ruleActionOverrides: ['CategoryHttpLibrary', 'SignalNonBrowserUserAgent'].map((name) => ({
        name,
        actionToUse: { count: {} },
      })),
    },
  },
};

/** Sampled requests would show paths and headers, with the names of users and their keys. */
const visible = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
  metricName,
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: false,
});
