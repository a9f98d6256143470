/** What `protect` puts in front of the API. */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, expect, test } from 'vitest';
import { edgeHeaders } from '../../../functions/http/edge-headers.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import { createTallyStack } from '../../harness/stack/tally-app.ts';

const outdir = mkdtempSync(join(tmpdir(), 'tally-edge-'));
afterAll(() => rmSync(outdir, { recursive: true }));

// biome-ignore lint/suspicious/noExplicitAny: the properties of a template have no types.
type Properties = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any

function synthesise(context: Record<string, string> = {}) {
  const unbundled = { 'aws:cdk:bundling-stacks': [] };
  const { stack } = createTallyStack({ outdir, context: { ...unbundled, ...context } });
  const firewall = stack.node.tryFindChild('Edge')?.node.findChild('Firewall');
  return {
    main: Template.fromStack(stack),
    firewall: firewall instanceof Stack ? firewall : undefined,
    rules: firewall instanceof Stack ? rulesOf(Template.fromStack(firewall)) : [],
  };
}

const all = (template: Template, type: string): Properties[] =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties as Properties);

function only(template: Template, type: string): Properties {
  const found = all(template, type);
  expect(found).toHaveLength(1);
  return found[0] ?? {};
}

const rulesOf = (template: Template): Properties[] => only(template, 'AWS::WAFv2::WebACL').Rules;

const plain = synthesise();
const edge = synthesise({ protect: 'true' });
const { DistributionConfig: distribution } = only(edge.main, 'AWS::CloudFront::Distribution');
const [origin] = distribution.Origins;

/** The secrets that the functions accept, by the name of their function. */
function acceptedBy(template: Template): Map<string, string> {
  const functions = Object.entries(template.findResources('AWS::Lambda::Function'));
  return new Map(
    functions.flatMap(([id, { Properties: properties }]) => {
      const secrets = (properties as Properties).Environment.Variables[
        environmentNames.originSecrets
      ];
      const name = id.replace(/Function.*/, '').toLowerCase();
      return secrets === undefined ? [] : [[name, JSON.stringify(secrets)] as const];
    }),
  );
}

const sentBy = (template: Template): Properties =>
  only(template, 'AWS::CloudFront::Distribution').DistributionConfig.Origins[0]
    .OriginCustomHeaders[0];

const secretIds = (template: Template): string[] =>
  Object.keys(template.findResources('AWS::SecretsManager::Secret'));

const apiUrl = (template: Template) => JSON.stringify(template.findOutputs('ApiUrl'));

test('nothing is in front unless a deployment asks for it', () => {
  expect(all(plain.main, 'AWS::CloudFront::Distribution')).toEqual([]);
  expect(secretIds(plain.main)).toEqual([]);
  expect(acceptedBy(plain.main).size).toBe(0);
  expect(plain.firewall).toBeUndefined();
  expect(apiUrl(plain.main)).toContain('ApiEndpoint');
});

test('the address that is published is that of CloudFront, over HTTPS to the API as well', () => {
  expect(apiUrl(edge.main)).toContain('EdgeDistribution');
  expect(apiUrl(edge.main)).not.toContain('ApiEndpoint');
  expect(distribution.DefaultCacheBehavior.ViewerProtocolPolicy).toBe('redirect-to-https');
  expect(origin.CustomOriginConfig.OriginProtocolPolicy).toBe('https-only');
  expect(JSON.stringify(origin.DomainName)).toContain('.execute-api.');
});

test("every function behind the API refuses what lacks CloudFront's secret, which nobody writes down", () => {
  const [secret = ''] = secretIds(edge.main);
  expect(only(edge.main, 'AWS::SecretsManager::Secret').GenerateSecretString).toEqual({
    ExcludePunctuation: true,
    PasswordLength: 48,
  });
  const sent = sentBy(edge.main);
  expect(sent.HeaderName).toBe(edgeHeaders.originSecret);
  expect(JSON.stringify(sent.HeaderValue)).toContain(secret);
  const accepted = acceptedBy(edge.main);
  expect([...accepted.keys()].toSorted()).toEqual(['read', 'site', 'write']);
  for (const secrets of accepted.values()) expect(secrets).toBe(JSON.stringify(sent.HeaderValue));
});

test('a new secret is accepted before CloudFront sends it, and the one before it is accepted as well', () => {
  const rotated = synthesise({ protect: 'true', originSecretVersion: '7' }).main;
  const ids = secretIds(rotated);
  const version = (number: number) => ids.find((id) => id.includes(`Version${number}`)) ?? 'none';
  expect(ids).toHaveLength(2);
  expect(JSON.stringify(sentBy(rotated))).toContain(version(7));
  expect(JSON.stringify(sentBy(rotated))).not.toContain(version(6));
  for (const secrets of acceptedBy(rotated).values()) {
    expect(secrets).toContain(version(6));
    expect(secrets).toContain(version(7));
  }
  const [resource] = Object.values(rotated.findResources('AWS::CloudFront::Distribution'));
  const names = ((resource?.DependsOn ?? []) as string[]).map((id) => id.replace(/Function.*/, ''));
  expect(names).toEqual(expect.arrayContaining(['Read', 'Site', 'Write']));
});

test('answers are cached as they say, by all that they depend on; writes never are', () => {
  const { AllowedMethods, CachedMethods, CachePolicyId } = distribution.DefaultCacheBehavior;
  expect(AllowedMethods).toEqual(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE']);
  // CloudFront's default is GET and HEAD.
  expect(CachedMethods).toBeUndefined();
  const [id] = Object.keys(edge.main.findResources('AWS::CloudFront::CachePolicy'));
  expect(CachePolicyId).toEqual({ Ref: id });
  const { CachePolicyConfig: policy } = only(edge.main, 'AWS::CloudFront::CachePolicy');
  expect(policy).toMatchObject({ MinTTL: 0, DefaultTTL: 0 });
  expect(policy.ParametersInCacheKeyAndForwardedToOrigin).toMatchObject({
    EnableAcceptEncodingBrotli: true,
    EnableAcceptEncodingGzip: true,
    HeadersConfig: { Headers: ['Accept', 'Authorization', 'Origin'] },
    QueryStringsConfig: { QueryStringBehavior: 'all' },
    CookiesConfig: { CookieBehavior: 'none' },
  });
});

test("the functions get the headers that they read, and the caller's address, but not the caller's Host", () => {
  const { OriginRequestPolicyConfig: policy } = only(
    edge.main,
    'AWS::CloudFront::OriginRequestPolicy',
  );
  const headers: string[] = policy.HeadersConfig.Headers;
  expect(policy.HeadersConfig.HeaderBehavior).toBe('whitelist');
  expect(policy.QueryStringsConfig.QueryStringBehavior).toBe('all');
  expect(headers).toContain(edgeHeaders.viewerAddress);
  // CloudFront sends this one by itself.
  const keyed = ['Accept', 'Authorization', 'Origin', edgeHeaders.originSecret];
  const forwarded = [...headers, ...keyed].map((name) => name.toLowerCase());
  expect(headersRead()).toEqual(expect.arrayContaining(['idempotency-key', 'content-encoding']));
  expect(forwarded).toEqual(expect.arrayContaining(headersRead()));
  expect(headers).not.toContain('Host');
  // What CloudFront takes.
  expect(headers.length).toBeLessThanOrEqual(10);
});

/** Every header of a request that the functions ask for by its name. */
function headersRead(): string[] {
  const folders = ['functions/http', 'functions/access'];
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`));
  const named = /event\.headers(?:\.(\w+)|\['([\w-]+)'\])/g;
  return files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(named)].map(([, bare, quoted]) => bare ?? quoted ?? ''),
  );
}

test('WAF refuses an address that calls too often, in the one region where CloudFront looks for it', () => {
  expect(edge.firewall?.region).toBe('us-east-1');
  expect(distribution.WebACLId['Fn::GetStackOutput']).toMatchObject({
    StackName: 'Tally-Firewall',
    Region: 'us-east-1',
  });
  expect(edge.rules).toHaveLength(1);
  expect(edge.rules[0]?.Statement.RateBasedStatement).toEqual({
    AggregateKeyType: 'IP',
    EvaluationWindowSec: 300,
    Limit: 6_000,
  });
  expect(edge.rules[0]?.Action.Block.CustomResponse.ResponseCode).toBe(429);
  const chosen = synthesise({ protect: 'true', requestsPerAddress: '100' });
  expect(chosen.rules[0]?.Statement.RateBasedStatement.Limit).toBe(100);
});

test("AWS's rules for bots are an option, and refuse neither curl nor a server", () => {
  const [, bots] = synthesise({ protect: 'true', botControl: 'true' }).rules;
  const group = bots?.Statement.ManagedRuleGroupStatement;
  expect(group.Name).toBe('AWSManagedRulesBotControlRuleSet');
  expect(group.RuleActionOverrides).toEqual([
    { Name: 'CategoryHttpLibrary', ActionToUse: { Count: {} } },
    { Name: 'SignalNonBrowserUserAgent', ActionToUse: { Count: {} } },
  ]);
});

test('two deployments in one account do not meet', () => {
  const other = synthesise({ protect: 'true', stackName: 'Other' });
  expect(other.firewall?.stackName).toBe('Other-Firewall');
  for (const [type, config] of [
    ['AWS::CloudFront::CachePolicy', 'CachePolicyConfig'],
    ['AWS::CloudFront::OriginRequestPolicy', 'OriginRequestPolicyConfig'],
  ] as const) {
    const name = (template: Template) => JSON.stringify(only(template, type)[config].Name);
    expect(name(edge.main)).toContain('AWS::Region');
    expect(name(other.main)).not.toBe(name(edge.main));
  }
});

test.each([
  { protect: 'yes' },
  { protect: 'true', requestsPerAddress: '9' },
  { protect: 'true', botControl: '1' },
  { protect: 'true', originSecretVersion: '0' },
  { requestsPerAddress: '100' },
  { protect: 'false', botControl: 'true' },
  { originSecretVersion: '2' },
])('a mistyped option, or one without protect, is refused: %j', (context) => {
  expect(() => synthesise(context)).toThrow('context "');
});
