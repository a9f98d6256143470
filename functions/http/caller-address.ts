/** The network address that a request counts for. */
import { isIP, isIPv6 } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/**
 * The address of a request's sender, or of the network it is in: providers give every household a /64
 * of IPv6, so single addresses of it are as many as anybody wants. Undefined for the machine that Tally
 * runs on (`npm start`), which is nobody from outside.
 *
 * @param isFromEdge whether the request has shown that it came through our own CloudFront distribution:
 *   only then is its header true
 */
export function callerAddress(
  { headers, requestContext }: APIGatewayProxyEventV2,
  isFromEdge: boolean,
): string | undefined {
  const viewer = isFromEdge ? headers['cloudfront-viewer-address'] : undefined;
  const text = viewer === undefined ? requestContext.http.sourceIp : withoutPort(viewer);
  const address = plainAddress(text);
  return isLoopback(address) ? undefined : address;
}

/** CloudFront writes `198.51.100.10:46532`, and `2001:db8::10:46532` without brackets. */
function withoutPort(viewer: string): string {
  const [, address = viewer] = /^(.*):\d+$/.exec(viewer) ?? [];
  return address.replace(/^\[(.*)\]$/, '$1');
}

function plainAddress(text: string): string {
  const [withoutZone = ''] = text.split('%');
  const v4 = withoutZone.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIPv6(v4)) return networkOf(v4);
  // Whatever else it is, everybody who sends it shares it.
  return isIP(v4) === 4 ? v4 : 'unknown';
}

const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || address === '0:0:0:0';

/** The first four groups: `2001:db8:0:0`. The loopback address `::1` is in `0:0:0:0`, which nobody else has. */
function networkOf(address: string): string {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const [first, last] = [groups(head), groups(tail)];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4).join(':');
}
