import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Credential } from '../access/access.ts';
import { isPass } from '../access/passes.ts';

const bearer = /^Bearer +(\S+) *$/i;

/** What a request carries to show who sent it. */
export function credentialOf(event: APIGatewayProxyEventV2): Credential {
  const scopeClaim = verifiedScopeClaim(event);
  if (scopeClaim !== undefined) return { type: 'verified', scopeClaim };
  const { authorization } = event.headers;
  if (authorization !== undefined) {
    return { type: 'bearer', text: bearer.exec(authorization)?.[1] ?? '' };
  }
  // `navigator.sendBeacon` cannot send headers, so a pass may also come in the query. An API key may
  // not: addresses end up in logs, and a key does not expire.
  const inQuery = event.queryStringParameters?.access_token;
  return inQuery !== undefined && isPass(inQuery)
    ? { type: 'bearer', text: inQuery }
    : { type: 'none' };
}

/**
 * The `scope` claim of an identity token that API Gateway's own authorizer has verified; undefined for a
 * request without one. Only API Gateway can set it.
 */
export function verifiedScopeClaim({ requestContext }: APIGatewayProxyEventV2): string | undefined {
  const { authorizer } = requestContext as { authorizer?: { jwt?: { claims?: object } } };
  const claims = authorizer?.jwt?.claims as Readonly<Record<string, unknown>> | undefined;
  if (!claims) return undefined;
  return typeof claims.scope === 'string' ? claims.scope : '';
}
