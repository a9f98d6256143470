/**
 * Who may do what. Every route states the right it needs, and every counter who has it. A request
 * shows who sent it by an API key, a pass, or an identity token that API Gateway has verified.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Refusal, refuse } from '../counters/refusals.ts';
import type { Secrets } from '../counters/secrets.ts';
import { callerLimits, callsOfKey } from '../rules/caller-limits.ts';
import {
  type Action,
  allows,
  allowsEverywhere,
  allowsSomewhere,
  fullScope,
  type Scope,
  scopesOfClaim,
} from '../rules/scopes.ts';
import { senders } from '../rules/senders.ts';
import type { ApiKey } from '../store/api-key-store.ts';
import type { ApiKeys } from './api-keys.ts';
import type { CallerLimits, TooHeavy, TooManyCalls } from './caller-limits.ts';
import { isPass, type Pass, verifyPass } from './passes.ts';

/** What limits take into account of an API key. */
export type CallingKey = Pick<ApiKey, 'id' | 'callsPerMinute'>;

/** What a caller wants to do. */
export type Need =
  | {
      readonly about: 'counter';
      readonly action: Action;
      readonly subject: string;
      readonly counter: string;
      /** The member that the caller acts as, if it acts as one. */
      readonly member: string | undefined;
      /** Everybody may do it, with or without a credential. */
      readonly isPublic: boolean;
      /** Visitors may do it, each for itself. */
      readonly isForVisitors: boolean;
    }
  | { readonly about: 'subject'; readonly action: Action; readonly subject: string }
  | { readonly about: 'user'; readonly user: string }
  | { readonly about: 'deployment' };

/** What a request carries to show who sent it. */
export type Credential =
  | { readonly type: 'none' }
  /** An API key or a pass; not verified. */
  | { readonly type: 'bearer'; readonly text: string }
  /** The `scope` claim of an identity token that API Gateway has verified. */
  | { readonly type: 'verified'; readonly scopeClaim: string };

/** The sender of a request. */
export interface Caller {
  readonly ok: true;
  readonly scopes: readonly Scope[];
  /** The only member and user it may act as; undefined for any. */
  readonly member: string | undefined;
  /** It has no account: its pass is from Tally itself. */
  readonly isVisitor: boolean;
  /** Whose idempotency keys its own are: one of `senders`. */
  readonly sender: string;
  /** The API key that its calls count for; undefined if they count for none. */
  readonly key?: CallingKey | undefined;
}

/**
 * What a request counts for: 1 for one counter that it reads or changes, more for what costs more
 * (`rules/caller-limits.ts`).
 */
export interface Work {
  readonly reads?: number;
  readonly writes?: number;
}

export type LimitRefusal = TooManyCalls | TooHeavy;
/** Why a request shows no caller. */
export type CallerRefusal = Refusal<'key_required' | 'invalid_key' | 'pass_expired'> | LimitRefusal;
export type AccessRefusal =
  | CallerRefusal
  | Refusal<'visitor_required' | 'forbidden' | 'other_member'>;

/** What the caller of one request may do. @throws (all) StoreUnavailableError */
export interface RequestAccess {
  authorise(need: Need): Promise<{ readonly ok: true } | AccessRefusal>;
  caller(): Promise<Caller | CallerRefusal>;
  /** Whose idempotency keys the request carries. A credential that is not valid is never taken for none. */
  sender(): Promise<{ readonly ok: true; readonly sender: string } | CallerRefusal>;
  /** Counts what a request does. @returns why its caller may not do that now */
  charge(work: Work): Promise<LimitRefusal | undefined>;
}

export interface AccessOptions {
  readonly keys: ApiKeys;
  /** An API key with every right that is not in the table, if there is one. */
  readonly adminKey: string | undefined;
  readonly limits: CallerLimits;
  readonly secrets: Secrets;
  /** Epoch ms. */
  readonly now: () => number;
}

export function createAccess(options: AccessOptions) {
  const { keys, limits, secrets, now } = options;
  const adminDigest = options.adminKey === undefined ? undefined : digest(options.adminKey);

  async function identify(credential: string): Promise<Caller | CallerRefusal> {
    if (isPass(credential)) {
      const verified = verifyPass(credential, await secrets.now(), now());
      if (verified.outcome === 'valid') return callerOfPass(verified.pass);
      if (verified.outcome === 'forged') return refuseInvalid();
      return refuse('pass_expired', 'The time of this pass is over.');
    }
    if (adminDigest && timingSafeEqual(digest(credential), adminDigest)) {
      return { ok: true, scopes: [fullScope], ...ofServer };
    }
    const key = await keys.verify(credential);
    if (!key) return refuseInvalid();
    return { ok: true, scopes: key.scopes, ...ofServer, key };
  }

  async function callerOf(credential: Credential): Promise<Caller | CallerRefusal> {
    if (credential.type === 'none') return refuse('key_required', 'Send an API key or a pass.');
    if (credential.type === 'verified') {
      const scopes = scopesOfClaim(credential.scopeClaim);
      return { ok: true, scopes, ...ofServer };
    }
    const caller = await identify(credential.text);
    if (!caller.ok) return caller;
    return (await countCalls(caller, 1)) ?? caller;
  }

  /** Counts calls of an API key with a limit, or of a pass made with one. */
  async function countCalls(
    { key }: Caller,
    weight: number,
    whole = weight,
  ): Promise<LimitRefusal | undefined> {
    if (key?.callsPerMinute === undefined) return undefined;
    return limits.take(callsOfKey(key.callsPerMinute), key.id, weight, whole);
  }

  /**
   * The access of one request. Its caller is identified, and its call counted, at most once.
   *
   * @param address of its sender; undefined for one that is not limited
   */
  return (credential: Credential, address: string | undefined): RequestAccess => {
    let pending: Promise<Caller | CallerRefusal> | undefined;
    const caller = () => {
      pending ??= callerOf(credential);
      return pending;
    };
    const isAnyone = showsNoRight(credential);
    /** What this request counts for so far; identifying a caller counts for the first one, so that trying is limited, too. */
    let weighed = 0;

    async function chargeCaller(sender: Caller, weight: number): Promise<LimitRefusal | undefined> {
      const rest = weighed === 0 ? weight - 1 : weight;
      weighed += weight;
      return rest > 0 ? countCalls(sender, rest, weighed) : undefined;
    }

    async function chargeAddress({
      reads = 0,
      writes = 0,
    }: Work): Promise<LimitRefusal | undefined> {
      if (address === undefined) return undefined;
      const refusal = reads > 0 && (await limits.take(callerLimits.addressReads, address, reads));
      if (refusal) return refusal;
      return writes > 0 ? limits.take(callerLimits.addressWrites, address, writes) : undefined;
    }

    async function chargeVisitor(
      { member = '' }: Caller,
      { writes = 0 }: Work,
    ): Promise<LimitRefusal | undefined> {
      return writes > 0 ? limits.take(callerLimits.visitorWrites, member, writes) : undefined;
    }

    return {
      caller,
      async sender() {
        return isAnyone ? { ok: true, sender: senders.anyone } : caller();
      },
      async authorise(need) {
        if (need.about === 'counter' && need.isPublic) return { ok: true };
        const sender = await caller();
        if (sender.ok) return refusalOf(sender, need) ?? { ok: true };
        const lacksPass = sender.code === 'key_required' && isForVisitors(need);
        return lacksPass ? refuseWithoutPass() : sender;
      },
      // Also where everybody may do it: a key that is used up does not go on without being counted.
      async charge(work) {
        const sender = isAnyone ? undefined : await caller();
        if (sender && !sender.ok && isLimit(sender)) return sender;
        if (!sender?.ok) return chargeAddress(work);
        if (!sender.isVisitor) return chargeCaller(sender, (work.reads ?? 0) + (work.writes ?? 0));
        // Visitors are made by the dozen, so their address counts as well.
        return (await chargeVisitor(sender, work)) ?? chargeAddress(work);
      },
    };
  };
}

/**
 * Every user of an identity provider may have a token without a scope for Tally. It gives no right, so
 * it is no way out of the limits of an address either, nor to the idempotency keys of the servers.
 */
const showsNoRight = (credential: Credential): boolean =>
  credential.type === 'none' ||
  (credential.type === 'verified' && scopesOfClaim(credential.scopeClaim).length === 0);

export const isLimit = (refusal: AccessRefusal): refusal is LimitRefusal =>
  refusal.code === 'rate_limited' || refusal.code === 'request_too_heavy';

export type Access = ReturnType<typeof createAccess>;

const isForVisitors = (need: Need): boolean => need.about === 'counter' && need.isForVisitors;

/** Why a caller may not do something; undefined if it may. */
function refusalOf(caller: Caller, need: Need): Refusal<'forbidden' | 'other_member'> | undefined {
  if (!(caller.isVisitor && isForVisitors(need)) && !hasScope(caller, need)) {
    return refuse('forbidden', 'The API key, pass or identity token may not do this here.');
  }
  const isOther =
    need.about === 'counter' &&
    need.member !== undefined &&
    caller.member !== undefined &&
    need.member !== caller.member;
  return isOther ? refuse('other_member', 'A pass acts for its own member, `me`.') : undefined;
}

function hasScope({ scopes, member }: Caller, need: Need): boolean {
  switch (need.about) {
    case 'counter':
      return allows(scopes, need);
    case 'subject':
      return allows(scopes, { ...need, counter: undefined });
    case 'user':
      return member === undefined ? allowsSomewhere(scopes, 'read') : member === need.user;
    case 'deployment':
      return member === undefined && allowsEverywhere(scopes, 'admin');
  }
}

/** A caller that acts for any member. */
const ofServer = { member: undefined, isVisitor: false, sender: senders.keys } as const;

function callerOfPass(pass: Pass): Caller {
  const { member } = pass;
  if (pass.of === 'visitor') {
    return { ok: true, scopes: [], member, isVisitor: true, sender: senders.visitor(member) };
  }
  const { scope, key } = pass;
  return {
    ok: true,
    scopes: [scope],
    member,
    isVisitor: false,
    sender: senders.member(member),
    key,
  };
}

export const refuseWithoutPass = () =>
  refuse('visitor_required', 'Get a pass with `POST /v1/visitors`, and send it as the bearer.');

const refuseInvalid = () =>
  refuse('invalid_key', 'The API key is unknown or revoked, or the pass is not genuine.');

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();
