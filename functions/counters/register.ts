/**
 * How a token is counted in its register, exactly once, whatever becomes of the calls that it takes.
 *
 * The claim names the register and says when it was made. Entering is one update of one item, so no
 * writer ever makes another one fail. Who was claimed too long ago for the memory of the register
 * looks on the one page that would know, and otherwise claims anew.
 */
import { LRUCache } from 'lru-cache';
import { retryPauseMs } from '../rules/backoff.ts';
import { limits } from '../rules/limits.ts';
import {
  type Register,
  type Standing,
  standingIn,
  standingOnPage,
  type TurnSizes,
  turnDue,
} from '../rules/register.ts';
import type {
  Claim,
  EnterOutcome,
  Fact,
  RegisterChange,
  RegisterItem,
  RegisterKey,
  RegisterStore,
  TokenForm,
  TokenKey,
} from '../store/register-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';

/** What to do, worked out from the register as it was seen last; undefined before the first look. */
export type PlanChange<Reason> = (
  seen: RegisterItem | undefined,
) => Promise<{ readonly enter: RegisterChange } | { readonly refuse: Reason }>;

export interface RegisterEntry<Reason> {
  readonly key: RegisterKey;
  readonly token: TokenKey;
  readonly claim: {
    /** Epoch ms. */
    readonly claimedAtMs: number;
    /** Whether this request put it, so that no other one can have sent anything for it before. */
    readonly isOwn: boolean;
    /** Whether there is an item of it. A token that was made here needs none: nobody else has it. */
    readonly isStored: boolean;
  };
  readonly plan: PlanChange<Reason>;
  /** When a claim that is made now expires, in epoch seconds. */
  readonly claimExpiry: (nowMs: number) => number;
  /** When the register expires, in epoch seconds; undefined for one that stays. */
  readonly expiresAt: number | undefined;
  /** Whether a claim that is refused must be barred in any case. */
  readonly barsRefusals?: boolean;
  /** Called when the database throttles the register for the first time, while it is waited for. */
  readonly onThrottled?: () => Promise<unknown>;
  /** How long pages of a register that stays are kept, in ms; those of others expire with it. */
  readonly keepPagesMs: number;
}

/** A token that is not known to be put yet. */
export interface RegisterRequest<Reason> {
  readonly token: TokenKey;
  /** How it is counted if it comes for the first time: the form that is put first decides for good. */
  readonly form: TokenForm;
  readonly keyOf: (claim: Claim) => RegisterKey;
  readonly planOf: (claim: Claim) => PlanChange<Reason>;
  readonly expiryOf: (claim: Claim) => number | undefined;
  readonly claimExpiry: (nowMs: number) => number;
  /** Whether a change that was refused leaves its token free for another one. */
  readonly mayBeReused?: boolean;
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

export type Entered<Reason> =
  /** Counted now, or earlier. The register as it was seen then. */
  | {
      readonly outcome: 'entered' | 'replayed';
      readonly got: number;
      readonly register: RegisterItem;
    }
  /** Nothing was counted, and nothing will be by what was sent up to now. */
  | {
      readonly outcome: 'refused';
      readonly reason: Reason;
      readonly register: RegisterItem;
      readonly claimedAtMs: number;
    }
  /** The register takes no more at the moment; nothing was counted by this request. */
  | { readonly outcome: 'contended' }
  /** The claim has expired meanwhile, or is another one: begin again. */
  | { readonly outcome: 'outdated' };

const { firstOfBook, ...sizesOfCell } = limits.registerTurn;
const sizesOfBook: TurnSizes = { ...sizesOfCell, first: firstOfBook };
const sizesOf = (key: RegisterKey): TurnSizes => ('shard' in key ? sizesOfCell : sizesOfBook);

export type Registers = ReturnType<typeof createRegisters>;

export function createRegisters({
  store,
  now,
  random,
  pause,
  turnSizes,
}: {
  store: RegisterStore;
  /** Epoch ms. */
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  pause: (ms: number) => Promise<unknown>;
  turnSizes?: TurnSizes;
}) {
  /** The cut-offs that were last seen, so that a clock that is behind makes no claims that are late. */
  const cutOffsMs = new LRUCache<string, number>({ max: limits.rememberedCounters });
  const nameOf = (key: RegisterKey) => JSON.stringify(key);

  function learnCutOff(key: RegisterKey, cutOffMs: number): void {
    const known = cutOffsMs.get(nameOf(key)) ?? 0;
    if (cutOffMs > known) cutOffsMs.set(nameOf(key), cutOffMs);
  }

  /** The time of a claim that is made at a moment for a register. */
  const claimTime = (key: RegisterKey, nowMs: number): number =>
    Math.max(nowMs, cutOffsMs.get(nameOf(key)) ?? 0);

  /** Turns if that is due. The change is counted whether or not it succeeds; the next one who is due will. */
  async function turnIfDue(
    {
      key,
      expiresAt,
      keepPagesMs,
    }: Pick<RegisterEntry<never>, 'key' | 'expiresAt' | 'keepPagesMs'>,
    register: Register,
  ): Promise<void> {
    const turn = turnDue(register, turnSizes ?? sizesOf(key));
    if (!turn) return;
    try {
      // Before they leave the register, so that they are always in one of both.
      const pageExpiresAt = expiresAt ?? Math.ceil((now() + keepPagesMs) / 1000);
      if (turn.page.size > 0) await store.putPage(key, turn, pageExpiresAt);
      await store.cut(key, turn);
      learnCutOff(key, turn.nextCutOffMs);
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError) return;
      throw error;
    }
  }

  /** Counts a token in its register. @throws OutcomeUnknownError, StoreUnavailableError */
  async function enter<Reason>(request: RegisterEntry<Reason>): Promise<Entered<Reason>> {
    const entering = createEntering(request);
    try {
      return await entering.run();
    } catch (error) {
      // It says that nothing was written by the last call; those before it may have been.
      const isUnknown = error instanceof StoreUnavailableError && entering.mayLandLater();
      throw isUnknown ? new OutcomeUnknownError(error.message, { cause: error }) : error;
    }
  }

  function createEntering<Reason>(request: RegisterEntry<Reason>) {
    const { key, token, plan } = request;
    const deadlineMs = now() + limits.registerMs;
    const { isStored } = request.claim;
    let { claimedAtMs, isOwn } = request.claim;
    if (!isStored) claimedAtMs = claimTime(key, claimedAtMs);
    let isProlonged = !isStored;
    let isUnanswered = false;
    /** Whether the last call was kept off the register, or lost. */
    let isBusy = false;
    let isThrottled = false;
    let isReported = false;
    let seen: RegisterItem | undefined;

    /** Whether something that was sent for this claim, by whomever, may still be counted. */
    const mayLandLater = () => isUnanswered || !isOwn;
    const entryKey = () => ({ ...token, claimedAtMs });
    const needsToBeProlonged = () => !isProlonged && now() - claimedAtMs > limits.prolongAfterMs;

    async function run(): Promise<Entered<Reason>> {
      // What may have been counted long ago must not be counted now, before it is prolonged.
      if (needsToBeProlonged()) seen = await store.read(key, { consistent: true });
      for (let attempt = 0; attempt < limits.registerAttempts; attempt++) {
        const settled = await settle();
        if (settled) return settled;
        if (now() >= deadlineMs) break;
        const step = await plan(seen);
        if ('enter' in step) {
          const sent = await store.enter(key, entryKey(), step.enter);
          if (sent.outcome === 'entered') return entered(sent.register);
          learn(sent);
        } else {
          const register = seen ?? (await store.read(key, { consistent: true }));
          if (await isClosed()) {
            return { outcome: 'refused', reason: step.refuse, register, claimedAtMs };
          }
        }
        if (isBusy) await wait(attempt);
      }
      if (mayLandLater()) throw new OutcomeUnknownError('the register did not answer in time');
      return { outcome: 'contended' };
    }

    async function wait(attempt: number): Promise<void> {
      if (isThrottled && !isReported) {
        isReported = true;
        await request.onThrottled?.();
      }
      await pause(retryPauseMs(attempt, random()));
    }

    async function entered(register: RegisterItem): Promise<Entered<Reason>> {
      const got = register.entries.get(store.entryName(entryKey()))?.got ?? 0;
      await turnIfDue(request, register);
      return { outcome: 'entered', got, register };
    }

    /** Goes by what was seen, until the claim is one that can be entered, or everything is said. */
    async function settle(): Promise<Entered<Reason> | undefined> {
      const register = seen;
      if (!register) return undefined;
      for (;;) {
        const standing = await standingBehind(register);
        if (standing.is === 'counted') {
          return { outcome: 'replayed', got: standing.entry.got, register };
        }
        if (standing.is === 'open' && !needsToBeProlonged()) return undefined;
        if (!(await moveClaim(standing, register))) return { outcome: 'outdated' };
      }
    }

    /** What the register says of the claim, or else the page. */
    async function standingBehind(register: Register): Promise<Standing> {
      const entryName = store.entryName(entryKey());
      const standing = standingIn(register, { entryName, claimedAtMs });
      if (standing.is !== 'late') return standing;
      return standingOnPage(await store.pageAfter(key, claimedAtMs), entryName);
    }

    /**
     * Claims anew what can be counted with its claim no more; prolongs one that still can.
     *
     * @returns whether the claim was still the same
     */
    async function moveClaim(standing: Standing, { cutOffMs }: Register): Promise<boolean> {
      const from = claimedAtMs;
      const anew = Math.max(now(), cutOffMs, from + 1);
      const to = standing.is === 'open' ? from : anew;
      if (isStored) {
        const expiresAt = request.claimExpiry(Math.max(now(), to));
        if (!(await store.moveClaim(token, { from, to, expiresAt }))) return false;
        isProlonged = true;
      }
      claimedAtMs = to;
      if (to !== from) {
        // What was sent for an earlier claim will never be counted.
        isUnanswered = false;
        isOwn = true;
      }
      return true;
    }

    function learn(sent: Exclude<EnterOutcome, { outcome: 'entered' }>): void {
      isBusy = sent.outcome !== 'refused';
      isUnanswered ||= sent.outcome === 'unanswered';
      isThrottled ||= sent.outcome === 'throttled';
      if (sent.outcome !== 'refused') return;
      seen = sent.register;
      learnCutOff(key, seen.cutOffMs);
    }

    /**
     * Whether a refusal may be told: only when nothing that was sent before can be counted any more.
     * Where some of it may still be on its way, its entry is taken.
     */
    async function isClosed(): Promise<boolean> {
      if (!mayLandLater() && !request.barsRefusals) return true;
      const sent = await store.bar(key, entryKey(), request.expiresAt);
      if (sent.outcome !== 'entered') {
        learn(sent);
        return false;
      }
      await turnIfDue(request, sent.register);
      return true;
    }

    return { run, mayLandLater };
  }

  function withClaimTime<Reason>({ form, keyOf }: RegisterRequest<Reason>): TokenForm {
    if (form.form === 'fact') return form;
    return { ...form, claimedAtMs: claimTime(keyOf(form), form.claimedAtMs) };
  }

  const enterClaim = <Reason>(
    { token, keyOf, planOf, expiryOf, ...options }: RegisterRequest<Reason>,
    claim: Claim,
    how: { readonly isOwn: boolean; readonly barsRefusals: boolean },
    plan = planOf(claim),
  ): Promise<Entered<Reason>> =>
    enter({
      ...options,
      token,
      key: keyOf(claim),
      claim: { claimedAtMs: claim.claimedAtMs, isOwn: how.isOwn, isStored: true },
      plan,
      expiresAt: expiryOf(claim),
      barsRefusals: how.barsRefusals,
    });

  /** Uses a token anew whose claim was barred. Somebody else may have done so meanwhile. */
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
    if (!request.mayBeReused || request.isOver(form)) return 'used';
    const how = { isOwn: false, barsRefusals: true };
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
      const how = { isOwn: isNew, barsRefusals: isOfEarlier };
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
