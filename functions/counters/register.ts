/**
 * How a token is counted, exactly once. It is put as a claim, which names its register, or as a fact,
 * which the fold counts: the form that is put first decides for good, whatever is hot or configured when
 * the token comes again.
 */
import { limits } from '../rules/limits.ts';
import type { TurnSizes } from '../rules/register.ts';
import type {
  Claim,
  Fact,
  RegisterKey,
  RegisterStore,
  TokenForm,
  TokenKey,
} from '../store/register-store.ts';
import { OutcomeUnknownError } from '../store/store-errors.ts';
import { createEnterRegister, type Entered, type PlanChange } from './enter-register.ts';
import { createTurns } from './turn-register.ts';

/** A token that is not known to be put yet. */
export interface RegisterRequest<Reason> {
  readonly token: TokenKey;
  /** How it is counted if it comes for the first time: the form that is put first decides for good. */
  readonly form: TokenForm;
  readonly keyOf: (claim: Claim) => RegisterKey;
  readonly planOf: (claim: Claim) => PlanChange<Reason>;
  readonly expiryOf: (claim: Claim) => number | undefined;
  readonly claimExpiry: (nowMs: number) => number;
  /** Whether a claim may have been refused, which leaves its token free for another change. */
  readonly mayBeReused?: (claim: Claim) => boolean;
  /** Whether its register is not kept any more, so that nobody can tell what it has counted. */
  readonly isOver: (claim: Claim) => boolean;
  readonly onThrottled?: () => Promise<unknown>;
  readonly keepPagesMs: number;
}

export type Counted<Reason> =
  | (Exclude<Entered<Reason>, { outcome: 'outdated' }> & { readonly claim: Claim })
  /** The token was used before, for something else. */
  | { readonly outcome: 'reused' }
  /** The register of its claim is not kept any more. */
  | { readonly outcome: 'over'; readonly claim: Claim }
  /** The fold counts it. */
  | { readonly outcome: 'fact'; readonly fact: Fact; readonly isNew: boolean };

export type Registers = ReturnType<typeof createRegisters>;

export function createRegisters({
  turnSizes,
  ...context
}: {
  store: RegisterStore;
  /** Epoch ms. */
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  pause: (ms: number) => Promise<unknown>;
  turnSizes?: TurnSizes;
}) {
  const { store, now } = context;
  const turns = createTurns({ ...context, turnSizes });
  const enter = createEnterRegister({ ...context, turns });

  function withClaimTime<Reason>({ form, keyOf }: RegisterRequest<Reason>): TokenForm {
    if (form.form === 'fact') return form;
    return { ...form, claimedAtMs: turns.claimTime(keyOf(form), form.claimedAtMs) };
  }

  const enterClaim = <Reason>(
    { token, keyOf, planOf, expiryOf, ...options }: RegisterRequest<Reason>,
    claim: Claim,
    how: { readonly isFirst: boolean; readonly isOwn: boolean; readonly barsRefusals: boolean },
    plan = planOf(claim),
  ): Promise<Entered<Reason>> =>
    enter({
      ...options,
      token,
      key: keyOf(claim),
      claim: {
        claimedAtMs: claim.claimedAtMs,
        isFirst: how.isFirst,
        isOwn: how.isOwn,
        isStored: true,
      },
      plan,
      expiresAt: expiryOf(claim),
      barsRefusals: how.barsRefusals,
    });

  /** Reuses a token whose claim was barred. Another request may have done so meanwhile. */
  async function useAnew<Reason>(
    { token, form: { fingerprint, windows }, claimExpiry }: RegisterRequest<Reason>,
    { shard }: Claim,
    from: number,
  ): Promise<void> {
    const to = Math.max(now(), from + 1);
    const use = { fingerprint, windows, shard };
    await store.moveClaim(token, { from, to, use, expiresAt: claimExpiry(to) });
  }

  /** Frees a token from another change that was refused, unless it was counted after all. */
  async function free<Reason>(
    request: RegisterRequest<Reason>,
    form: Claim,
  ): Promise<'free' | 'used' | 'contended'> {
    if (!request.mayBeReused?.(form) || request.isOver(form)) return 'used';
    const how = { isFirst: false, isOwn: false, barsRefusals: true };
    const refuseAll: PlanChange<Reason | 'other change'> = async () => ({ refuse: 'other change' });
    const barred = await enterClaim<Reason | 'other change'>(request, form, how, refuseAll);
    if (barred.outcome === 'refused') await useAnew(request, form, barred.claimedAtMs);
    if (barred.outcome === 'contended') return 'contended';
    return barred.outcome === 'refused' || barred.outcome === 'outdated' ? 'free' : 'used';
  }

  /** Puts a token and counts it; one that comes again goes by its first form. @throws as `enter` */
  async function count<Reason>(request: RegisterRequest<Reason>): Promise<Counted<Reason>> {
    for (let attempt = 0; attempt < limits.registerAttempts; attempt++) {
      const own = withClaimTime(request);
      const put = await store.put(request.token, own, now());
      const isNew = put.outcome === 'put';
      const form = isNew ? own : put.form;
      if (form.fingerprint !== own.fingerprint) {
        const is = form.form === 'fact' ? 'used' : await free(request, form);
        if (is === 'free') continue;
        if (is === 'used' || form.form === 'fact') return { outcome: 'reused' };
        return { outcome: 'contended', claim: form };
      }
      if (form.form === 'fact') return { outcome: 'fact', fact: form, isNew };
      if (request.isOver(form)) return { outcome: 'over', claim: form };
      const isOfEarlier = form.windows[0] !== own.windows[0];
      const isOwn = put.outcome === 'put' && put.isSure;
      const how = { isFirst: isNew, isOwn, barsRefusals: isOfEarlier };
      const entered = await enterClaim(request, form, how);
      if (entered.outcome === 'outdated') continue;
      if (!isOfEarlier || entered.outcome !== 'refused') return { ...entered, claim: form };
      // It was refused in a window that is over, and may be counted in the one of now.
      await useAnew(request, form, entered.claimedAtMs);
    }
    throw new OutcomeUnknownError('the claim of a token became another one again and again');
  }

  return { enter, count };
}
