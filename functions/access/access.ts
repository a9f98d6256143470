/**
 * Who may do what. Every route states the right it needs, every counter to whom it gives it; a
 * request shows who it comes from by an API key, a pass, or the token of an identity provider that
 * API Gateway has verified.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Problem } from '../http/problem.ts';
import {
  type Action,
  allows,
  allowsEverywhere,
  allowsSomewhere,
  fullScope,
  type Scope,
  scopesOfClaim,
} from '../rules/scopes.ts';
import type { ApiKeys } from './api-keys.ts';
import type { CallingKey, CallLimit } from './call-limit.ts';
import { isPass, verifyPass } from './passes.ts';

/** What a caller wants to do. */
export type Need =
  | {
      readonly about: 'counter';
      readonly action: Action;
      readonly subject: string;
      readonly counter: string;
      /** The member it is done as, if it is done as one. */
      readonly member: string | undefined;
      /** Everybody may, with or without a key. */
      readonly isPublic: boolean;
    }
  | { readonly about: 'subject'; readonly action: Action; readonly subject: string }
  | { readonly about: 'user'; readonly user: string }
  | { readonly about: 'deployment' };

/** Who a request comes from. */
export interface Caller {
  readonly scopes: readonly Scope[];
  /** The only member and user it may act as; undefined for any. */
  readonly member: string | undefined;
  /** The key that its calls are counted for; undefined if they are counted for none. */
  readonly key?: CallingKey | undefined;
}

/** The access of one request. */
export interface RequestAccess {
  /** @throws Problem key_required, invalid_key, forbidden, rate_limited: unless the caller may do this */
  authorise(need: Need): Promise<void>;
  /** Who it comes from. @throws Problem key_required, invalid_key, rate_limited */
  caller(): Promise<Caller>;
}

export interface AccessOptions {
  readonly keys: ApiKeys;
  /** A key with every right that is not in the table, if there is one. */
  readonly adminKey: string | undefined;
  readonly callLimit: CallLimit;
  readonly secret: () => Promise<Buffer>;
  /** Epoch ms. */
  readonly now: () => number;
}

const bearer = /^Bearer +(\S+) *$/i;
const challenge = { headers: { 'www-authenticate': 'Bearer' } };

export function createAccess(options: AccessOptions) {
  const { keys, callLimit, secret, now } = options;
  const adminDigest = options.adminKey === undefined ? undefined : digest(options.adminKey);

  async function identify(credential: string): Promise<Caller | undefined> {
    if (isPass(credential)) {
      const pass = verifyPass(credential, await secret(), now());
      return pass && { scopes: [pass.scope], member: pass.member, key: pass.key };
    }
    if (adminDigest && timingSafeEqual(digest(credential), adminDigest)) {
      return { scopes: [fullScope], member: undefined };
    }
    const key = await keys.verify(credential);
    return key && { scopes: key.scopes, member: undefined, key };
  }

  async function callerOf(event: APIGatewayProxyEventV2): Promise<Caller> {
    const claims = claimsOf(event);
    if (claims !== undefined) return { scopes: scopesOfClaim(claims), member: undefined };
    const credential = credentialOf(event);
    if (credential === undefined) {
      throw new Problem('key_required', 'Send an API key or a pass.', challenge);
    }
    const caller = await identify(credential);
    if (!caller) throw new Problem('invalid_key', 'It is unknown, revoked or expired.', challenge);
    if (caller.key) await callLimit(caller.key);
    return caller;
  }

  /** The access of a request, which is identified, and counted, once at most. */
  return (event: APIGatewayProxyEventV2): RequestAccess => {
    let known: Promise<Caller> | undefined;
    const caller = () => {
      known ??= callerOf(event);
      return known;
    };
    return {
      caller,
      async authorise(need) {
        if (need.about === 'counter' && need.isPublic) return;
        if (!mayDo(await caller(), need)) {
          throw new Problem('forbidden', 'The key has no right to do this here.');
        }
      },
    };
  };
}

export type Access = ReturnType<typeof createAccess>;

function mayDo({ scopes, member }: Caller, need: Need): boolean {
  switch (need.about) {
    case 'counter':
      if (member !== undefined && need.member !== undefined && need.member !== member) return false;
      return allows(scopes, need);
    case 'subject':
      return allows(scopes, { ...need, counter: undefined });
    case 'user':
      return member === undefined ? allowsSomewhere(scopes, 'read') : member === need.user;
    case 'deployment':
      return member === undefined && allowsEverywhere(scopes, 'admin');
  }
}

/** A pass may come in the query as well: `navigator.sendBeacon` can send no headers. */
function credentialOf({
  headers,
  queryStringParameters,
}: APIGatewayProxyEventV2): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) return bearer.exec(authorization)?.[1] ?? '';
  const inQuery = queryStringParameters?.access_token;
  return inQuery !== undefined && isPass(inQuery) ? inQuery : undefined;
}

/**
 * The `scope` claim of a token that API Gateway's own authorizer has verified; undefined for a
 * request that went through none. Only API Gateway can set it.
 */
export function claimsOf({ requestContext }: APIGatewayProxyEventV2): string | undefined {
  const { authorizer } = requestContext as { authorizer?: { jwt?: { claims?: object } } };
  const claims = authorizer?.jwt?.claims as Readonly<Record<string, unknown>> | undefined;
  if (!claims) return undefined;
  return typeof claims.scope === 'string' ? claims.scope : '';
}

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();
