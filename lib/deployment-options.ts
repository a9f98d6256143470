import type { Node } from 'constructs';

/** What a deployment may choose: context values, from `cdk.json` or `npx cdk deploy -c name=value`. */
export interface DeploymentOptions {
  /** Several Tallies in one account and region need different names. */
  readonly stackName: string;
  /** Regions that hold a copy of the table, the one to deploy to first; empty: the credentials' own. */
  readonly regions: readonly string[];
  /** Requests a second from which the API answers 429. */
  readonly requestsPerSecond: number;
  /** Where alarms are mailed to; undefined: nowhere. */
  readonly alarmEmail: string | undefined;
}

export function readDeploymentOptions(node: Node): DeploymentOptions {
  const stackName = String(node.tryGetContext('stackName') ?? 'Tally');
  const regions = String(node.tryGetContext('regions') ?? '')
    .split(',')
    .map((region) => region.trim())
    .filter((region) => region !== '');
  const requestsPerSecond = Number(node.tryGetContext('requestsPerSecond') ?? 2_000);
  const alarmEmail = node.tryGetContext('alarmEmail')?.toString();

  if (
    regions.some((region) => !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) ||
    new Set(regions).size < regions.length
  ) {
    throw new Error(
      `context "regions": expected different AWS regions separated by commas, not "${regions.join()}"`,
    );
  }
  if (!Number.isInteger(requestsPerSecond) || requestsPerSecond < 1) {
    throw new Error('context "requestsPerSecond": expected a whole number of at least 1');
  }
  if (alarmEmail !== undefined && !/^\S+@\S+$/.test(alarmEmail)) {
    throw new Error(`context "alarmEmail": expected an email address, not "${alarmEmail}"`);
  }
  return { stackName, regions, requestsPerSecond, alarmEmail };
}
