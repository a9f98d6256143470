/** The network address that a request counts for. */
import { isIP, isIPv6 } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/**
 * The address of a request's sender, or of the network it is in: providers give every household a /64
 * of IPv6, so single addresses of it are as many as anybody wants. Undefined for the machine that Tally
 * runs on (`npm start`): its requests are not from outside, and have no limits.
 */
export function callerAddress({ requestContext }: APIGatewayProxyEventV2): string | undefined {
  const [withoutZone = ''] = requestContext.http.sourceIp.split('%');
  const address = withoutZone.replace(/^::ffff:(?=\d+\.)/i, '');
  if (address.startsWith('127.') || address === '::1') return undefined;
  if (isIPv6(address)) return networkOf(address);
  // All that have no address share one.
  return isIP(address) === 4 ? address : 'unknown';
}

/** The first four groups: `2001:db8:0:0`. */
function networkOf(address: string): string {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text = '') => (text === '' ? [] : text.split(':'));
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const zeros = Array<string>(missing).fill('0');
  return [...groups(head), ...zeros, ...groups(tail)].slice(0, 4).join(':');
}
