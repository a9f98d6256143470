/**
 * Who may do what. Every route states the right it needs, and every counter who has it. A request
 * shows who sent it by an API key, a pass, or an identity token that API Gateway has verified.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Refusal, refuse } from '../counters/refusals.ts';
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
import type { ApiKey } from '../store/api-key-store.ts';
import type { ApiKeys } from './api-keys.ts';
import type { CallerLimits, TooHeavy, TooManyCalls } from './caller-limits.ts';
import { isPass, verifyPass } from './passes.ts';

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

/** Why a request shows no caller. */
export type CallerRefusal = Refusal<'key_required' | 'invalid_key'> | LimitRefusal;
export type AccessRefusal = CallerRefusal | Refusal<'forbidden'>;
export type LimitRefusal = TooManyCalls | TooHeavy;

/** What the caller of one request may do. @throws (all) StoreUnavailableError */
export interface RequestAccess {
  authorise(need: Need): Promise<{ readonly ok: true } | AccessRefusal>;
  caller(): Promise<Caller | CallerRefusal>;
  /** Counts what a request does. @returns why its caller may not do that now */
  charge(work: Work): Promise<LimitRefusal | undefined>;
}

export interface AccessOptions {
  readonly keys: ApiKeys;
  /** An API key with every right that is not in the table, if there is one. */
  readonly adminKey: string | undefined;
  readonly limits: CallerLimits;
  readonly secret: () => Promise<Buffer>;
  /** Epoch ms. */
  readonly now: () => number;
}

export function createAccess(options: AccessOptions) {
  const { keys, limits, secret, now } = options;
  const adminDigest = options.adminKey === undefined ? undefined : digest(options.adminKey);

  async function identify(credential: string): Promise<Caller | undefined> {
    if (isPass(credential)) {
      const pass = verifyPass(credential, await secret(), now());
      return pass && { ok: true, scopes: [pass.scope], member: pass.member, key: pass.key };
    }
    if (adminDigest && timingSafeEqual(digest(credential), adminDigest)) {
      return { ok: true, scopes: [fullScope], member: undefined };
    }
    const key = await keys.verify(credential);
    return key && { ok: true, scopes: key.scopes, member: undefined, key };
  }

  async function callerOf(credential: Credential): Promise<Caller | CallerRefusal> {
    if (credential.type === 'none') return refuse('key_required', 'Send an API key or a pass.');
    if (credential.type === 'verified') {
      return { ok: true, scopes: scopesOfClaim(credential.scopeClaim), member: undefined };
    }
    const caller = await identify(credential.text);
    if (!caller)
      return refuse('invalid_key', 'The API key or pass is unknown, revoked or expired.');
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

    return {
      caller,
      async authorise(need) {
        if (need.about === 'counter' && need.isPublic) return { ok: true };
        const sender = await caller();
        if (!sender.ok) return sender;
        if (may(sender, need)) return { ok: true };
        return refuse('forbidden', 'The API key, pass or identity token may not do this here.');
      },
      // Also where everybody may do it: a key that is used up does not go on without being counted.
      async charge(work) {
        const sender = credential.type === 'none' ? undefined : await caller();
        if (sender?.ok) return chargeCaller(sender, (work.reads ?? 0) + (work.writes ?? 0));
        return sender && isLimit(sender) ? sender : chargeAddress(work);
      },
    };
  };
}

export const isLimit = (refusal: AccessRefusal): refusal is LimitRefusal =>
  refusal.code === 'rate_limited' || refusal.code === 'request_too_heavy';

export type Access = ReturnType<typeof createAccess>;

function may({ scopes, member }: Caller, need: Need): boolean {
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

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();
