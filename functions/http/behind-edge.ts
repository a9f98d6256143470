/**
 * A function behind CloudFront. The API's own address stays open, and callers who find it would get
 * around WAF and could name any address as their own. So CloudFront shows a secret, and requests without it
 * are refused.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { edgeHeaders } from './edge-headers.ts';
import type { HttpHandler } from './http-function.ts';
import { Problem } from './problem.ts';
import { problem } from './responses.ts';

/**
 * Has a function refuse what does not come through CloudFront, and see the address of CloudFront's caller
 * as that of the connection.
 *
 * @param secrets those that are accepted; without any the function is not behind CloudFront
 */
export function behindEdge(handler: HttpHandler, secrets: readonly string[]): HttpHandler {
  if (secrets.length === 0) return handler;
  const accepted = secrets.map(digestOf);
  return handler.before(({ event }) => {
    const shown = digestOf(event.headers[edgeHeaders.originSecret] ?? '');
    if (!accepted.some((digest) => timingSafeEqual(digest, shown))) return refusal();
    event.requestContext.http.sourceIp = viewerAddressOf(event);
    return undefined;
  });
}

/** Without the port behind its last colon; one of IPv6 may stand in brackets. */
function viewerAddressOf({ headers, requestContext }: APIGatewayProxyEventV2): string {
  const address = headers[edgeHeaders.viewerAddress];
  if (address === undefined) return requestContext.http.sourceIp;
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

const refusal = () =>
  problem(new Problem('not_through_edge', 'Use the address that the operator has published.'));
