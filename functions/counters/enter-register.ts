/**
 * Entering a claim into its register, exactly once, whatever becomes of the calls that it takes. It is
 * one update of one item, so no writer ever makes another one fail. A claim that is too old for the
 * memory of the register is looked up on the one page that would know, and otherwise made anew.
 */
import { retryPauseMs } from '../rules/backoff.ts';
import { limits } from '../rules/limits.ts';
import { type Register, type Standing, standingIn, standingOnPage } from '../rules/register.ts';
import type {
  EnterOutcome,
  RegisterChange,
  RegisterItem,
  RegisterStore,
  TokenKey,
} from '../store/register-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import type { Turnable, Turns } from './turn-register.ts';

/** What to do, worked out from the register as it was seen last; undefined before the first look. */
export type PlanChange<Reason> = (
  seen: RegisterItem | undefined,
) => Promise<{ readonly enter: RegisterChange } | { readonly refuse: Reason }>;

export interface RegisterEntry<Reason> extends Turnable {
  readonly token: TokenKey;
  readonly claim: {
    /** Epoch ms. */
    readonly claimedAtMs: number;
    /** Whether this request is the first with this token, as far as can be told. */
    readonly isFirst: boolean;
    /** Whether surely this request put it, so that no other one can have sent anything for it before. */
    readonly isOwn: boolean;
    /** Whether there is an item of it. A token that was made here needs none: nobody else has it. */
    readonly isStored: boolean;
  };
  readonly plan: PlanChange<Reason>;
  /** When a claim that is made now expires, in epoch seconds. */
  readonly claimExpiry: (nowMs: number) => number;
  /** Whether a claim that is refused must be barred in any case. */
  readonly barsRefusals?: boolean;
  /** Called when the database throttles the register for the first time, while it is waited for. */
  readonly onThrottled?: () => Promise<unknown>;
}

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

export function createEnterRegister({
  store,
  turns,
  now,
  random,
  pause,
}: {
  store: RegisterStore;
  turns: Turns;
  /** Epoch ms. */
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  pause: (ms: number) => Promise<unknown>;
}) {
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
    let { claimedAtMs, isFirst, isOwn } = request.claim;
    if (!isStored) claimedAtMs = turns.claimTime(key, claimedAtMs);
    let isProlonged = !isStored;
    let isUnanswered = false;
    /** Whether the last call was kept off the register, or lost. */
    let isBusy = false;
    /** Whether the last call was kept off because the register is over its rate. */
    let isOverRate = false;
    let isReported = false;
    let seen: RegisterItem | undefined;

    /** Whether something that this or another request has sent for the claim may still be counted. */
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
        if (isOverRate) await look();
      }
      if (mayLandLater()) throw new OutcomeUnknownError('the register did not answer in time');
      return { outcome: 'contended' };
    }

    async function wait(attempt: number): Promise<void> {
      if (isOverRate && !isReported) {
        isReported = true;
        await request.onThrottled?.();
      }
      await pause(retryPauseMs(attempt, random()));
    }

    /**
     * Reads are another rate, so what has become late or out of bounds while it waited is found without
     * taking writes from those that can be counted.
     */
    async function look(): Promise<void> {
      try {
        seen = await store.read(key, { consistent: true });
        turns.learnCutOff(key, seen.cutOffMs);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
      }
    }

    async function entered(register: RegisterItem): Promise<Entered<Reason>> {
      const got = register.entries.get(store.entryName(entryKey()))?.got ?? 0;
      await turns.turnIfDue(request, register);
      return { outcome: 'entered', got, register };
    }

    /** Moves the claim until it can be entered; returns the answer if what was seen already says it. */
    async function settle(): Promise<Entered<Reason> | undefined> {
      const register = seen;
      if (!register) return undefined;
      for (;;) {
        const standing = await standingBehind(register);
        if (standing.is === 'counted') {
          // By the call that got no answer.
          const outcome = isFirst && isUnanswered ? 'entered' : 'replayed';
          return { outcome, got: standing.entry.got, register };
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
     * Gives a claim that can no longer be counted a new time; prolongs one that still can.
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
        isFirst = true;
        isOwn = true;
      }
      return true;
    }

    function learn(sent: Exclude<EnterOutcome, { outcome: 'entered' }>): void {
      isBusy = sent.outcome !== 'refused';
      isUnanswered ||= sent.outcome === 'unanswered';
      isOverRate = sent.outcome === 'throttled';
      if (sent.outcome !== 'refused') return;
      seen = sent.register;
      turns.learnCutOff(key, seen.cutOffMs);
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
      await turns.turnIfDue(request, sent.register);
      return true;
    }

    return { run, mayLandLater };
  }

  return enter;
}
