import type { Node } from 'constructs';

/** A table's quota until AWS raises it. */
const tableWriteUnits = 40_000;
/** For a month and the whole account. */
const defaultBudgetUsd = 100;
/** In five minutes. Twenty a second are more than an office sends, and cost $2.40 a day in requests. */
const defaultPerAddress = 6_000;
const fewestPerAddress = 10;

/** The options of a deployment: context values, from `cdk.json` or `npx cdk deploy -c name=value`. */
export interface DeploymentOptions {
  /** Each Tally in an account and region needs another name. */
  readonly stackName: string;
  /** Regions that hold a copy of the table, the stack's own first; if empty, the credentials' region. */
  readonly regions: readonly string[];
  /** The API answers 429 above so many requests a second. */
  readonly requestsPerSecond: number;
  /** DynamoDB throttles the table above so many read and write units a second; undefined sets no limit. */
  readonly maxReadUnits: number | undefined;
  readonly maxWriteUnits: number;
  /** So many write functions run at once at most; undefined sets no limit beside the account's. */
  readonly writeConcurrency: number | undefined;
  /** Deferred changes are collected for so many seconds, 0 to 300, before they are folded. */
  readonly streamBatchingSeconds: number;
  /** Alarms are mailed to this address; undefined mails none. */
  readonly alarmEmail: string | undefined;
  /** The cost of a month above which this address is mailed; undefined watches no cost. */
  readonly budget: { readonly usd: number; readonly email: string } | undefined;
  /** The secret of the captcha in tally.config.ts, by its name in Secrets Manager; undefined for no captcha. */
  readonly challengeSecret: string | undefined;
  /** Its tokens are accepted beside API keys; undefined accepts none. */
  readonly identityProvider: IdentityProvider | undefined;
  /** CloudFront and WAF in front of the API; undefined puts nothing there. */
  readonly edge: EdgeOptions | undefined;
}

export interface EdgeOptions {
  /** WAF refuses an address above so many requests in five minutes. */
  readonly requestsPerAddress: number;
  /** Whether AWS's rules for bots apply. */
  readonly botControl: boolean;
  /** Another number makes another secret between CloudFront and the functions. */
  readonly originSecretVersion: number;
}

export interface IdentityProvider {
  /** The `iss` of its tokens, an https address. */
  readonly issuer: string;
  /** A token's `aud` or `client_id` must contain one of them. */
  readonly audience: readonly string[];
}

/** @throws Error for people, naming the context value that is wrong */
export function readDeploymentOptions(node: Node): DeploymentOptions {
  const stackName = textIn(node, 'stackName') ?? 'Tally';
  const regions = listIn(node, 'regions');
  const requestsPerSecond = countIn(node, 'requestsPerSecond') ?? 2_000;
  const alarmEmail = textIn(node, 'alarmEmail');

  if (
    regions.some((region) => !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) ||
    new Set(regions).size < regions.length
  ) {
    throw new Error(
      `context "regions": expected different AWS regions separated by commas, not "${regions.join()}"`,
    );
  }
  if (alarmEmail !== undefined && !/^\S+@\S+$/.test(alarmEmail)) {
    throw new Error(`context "alarmEmail": expected an email address, not "${alarmEmail}"`);
  }
  return {
    stackName,
    regions,
    requestsPerSecond,
    maxReadUnits: countIn(node, 'maxReadUnits'),
    maxWriteUnits: countIn(node, 'maxWriteUnits') ?? defaultWriteUnits(requestsPerSecond),
    writeConcurrency: countIn(node, 'writeConcurrency'),
    streamBatchingSeconds: batchingSecondsIn(node),
    alarmEmail,
    budget: budgetIn(node, alarmEmail),
    challengeSecret: textIn(node, 'challengeSecret'),
    identityProvider: identityProviderIn(node),
    edge: edgeIn(node),
  };
}

/** Lambda collects records for five minutes at most. */
function batchingSecondsIn(node: Node): number {
  const text = textIn(node, 'streamBatchingSeconds') ?? '0';
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds <= 300) return seconds;
  throw new Error(`context "streamBatchingSeconds": expected 0 to 300, not "${text}"`);
}

/**
 * What single changes need at the most: two units for the change, one for the fold, and one to spare. So it
 * stops floods of large batches, and nothing else.
 */
function defaultWriteUnits(requestsPerSecond: number): number {
  return Math.min(4 * requestsPerSecond, tableWriteUnits);
}

/** Where somebody can be mailed, somebody is. */
function budgetIn(node: Node, email: string | undefined): DeploymentOptions['budget'] {
  const usd = countIn(node, 'monthlyBudgetUsd');
  if (email !== undefined) return { usd: usd ?? defaultBudgetUsd, email };
  if (usd === undefined) return undefined;
  throw new Error('context "monthlyBudgetUsd": needs "alarmEmail", to tell somebody');
}

function edgeIn(node: Node): EdgeOptions | undefined {
  const requestsPerAddress = countIn(node, 'requestsPerAddress');
  const botControl = switchIn(node, 'botControl');
  const originSecretVersion = countIn(node, 'originSecretVersion');
  if (switchIn(node, 'protect')) {
    if ((requestsPerAddress ?? fewestPerAddress) < fewestPerAddress) {
      throw new Error(`context "requestsPerAddress": WAF takes ${fewestPerAddress} at the least`);
    }
    return {
      requestsPerAddress: requestsPerAddress ?? defaultPerAddress,
      botControl,
      originSecretVersion: originSecretVersion ?? 1,
    };
  }
  if (requestsPerAddress === undefined && !botControl && originSecretVersion === undefined) {
    return undefined;
  }
  throw new Error(
    'context "requestsPerAddress", "botControl", "originSecretVersion": need "protect=true"',
  );
}

function identityProviderIn(node: Node): IdentityProvider | undefined {
  const issuer = textIn(node, 'jwtIssuer');
  const audience = listIn(node, 'jwtAudience');
  if (issuer === undefined && audience.length === 0) return undefined;
  if (issuer === undefined || !/^https:\/\/\S+$/.test(issuer)) {
    throw new Error(`context "jwtIssuer": expected an https address, not "${issuer ?? ''}"`);
  }
  // Without one, API Gateway would accept every token of the issuer, even those made for other services.
  if (audience.length === 0)
    throw new Error('context "jwtAudience": is missing beside "jwtIssuer"');
  return { issuer, audience };
}

const textIn = (node: Node, name: string): string | undefined =>
  node.tryGetContext(name)?.toString();

const listIn = (node: Node, name: string): string[] =>
  (textIn(node, name) ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

function switchIn(node: Node, name: string): boolean {
  const text = textIn(node, name) ?? 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Error(`context "${name}": expected true or false, not "${text}"`);
}

function countIn(node: Node, name: string): number | undefined {
  const text = textIn(node, name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`context "${name}": expected a whole number of at least 1, not "${text}"`);
}
