/** The count kind: a signed number that changes by amounts. How it is written is in count-writes.ts. */

import { allowedBefore, fitsBounds, roomBefore } from '../rules/bounds.ts';
import { limits } from '../rules/limits.ts';
import type { Token } from '../rules/senders.ts';
import { allWindowKey, type WindowKind, windowEndMs, windowKeyAt } from '../rules/windows.ts';
import type { Cell, CellStore } from '../store/cell-store.ts';
import type { Fact } from '../store/register-store.ts';
import { StoreUnavailableError } from '../store/store-errors.ts';
import type { Calendars } from './calendars.ts';
import {
  answerOver,
  asAnswer,
  type ChangeAnswer,
  type CountAnswer,
  totalOfFact,
  windowOf,
  withChange,
} from './count-answers.ts';
import { fingerprintOfSet, planSet, type SetReason, type SetRequest } from './count-plans.ts';
import {
  rangeOf,
  refuseContended,
  refuseGrown,
  refuseMismatch,
  refuseReused,
  refuseSeveralCells,
  refuseUnbounded,
} from './count-refusals.ts';
import { createCountWrites } from './count-writes.ts';
import type { CounterContext } from './counter-context.ts';
import type { CountDefinition } from './define-counters.ts';
import type { Deployments } from './deployments.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';
import { refuseByAmount } from './refuse-by-amount.ts';
import { refuseByWindow } from './refuse-by-window.ts';
import type { Registers } from './register.ts';
import type { Total, TotalKey, Totals } from './total.ts';
import { isTotalOver } from './total-expiry.ts';
import type { PlannedChange, Written } from './written-change.ts';

export interface ChangeRequest {
  /** Signed, not 0. */
  readonly amount: number;
  /** Whether an amount that does not fit into the bounds is cut to what does. */
  readonly isSaturating?: boolean;
  /** The caller's idempotency key. */
  readonly token: Token | undefined;
  /** Whether the caller wants to know the count after the change. */
  readonly wantCount: boolean;
}

export function createCounts({
  cells,
  registers,
  totals,
  calendars,
  deployments,
  ...context
}: {
  cells: CellStore;
  registers: Registers;
  totals: Totals;
  calendars: Calendars;
  deployments: Deployments;
} & Pick<
  CounterContext,
  'config' | 'region' | 'regions' | 'now' | 'random' | 'newToken' | 'pause'
>) {
  const { config, now, region } = context;
  const writes = createCountWrites({ ...context, cells, registers, totals, deployments });

  async function plan(
    { subject, counter, definition }: NamedCounter<CountDefinition>,
    request: Pick<PlannedChange, 'amount' | 'isSaturating' | 'fingerprint' | 'token' | 'wantCount'>,
  ): Promise<PlannedChange> {
    const calendar = await calendars.of(subject, definition.windows);
    const nowMs = now();
    const [shown, ...others] = definition.windows.map((kind) => windowKeyAt(kind, nowMs, calendar));
    const window = shown ?? allWindowKey;
    return {
      ...request,
      key: { subject, counter, window },
      definition,
      windows: [window, ...others],
      begunAt: totals.tick(),
    };
  }

  /** Whether the fold may not have come yet to a change that was accepted earlier. */
  const isPending = ({ acceptedAtMs }: Fact): boolean =>
    now() - acceptedAtMs < limits.foldedAfterSeconds * 1000;

  /**
   * Whether a change that was accepted earlier is not in a total yet. The fold dates a cell no earlier
   * than the changes it adds, by the clocks of their writers, so one dated before the change lacks it,
   * whatever these clocks say. A later write may date the cell back, if its clock is behind: so this
   * is believed only for as long as the fold may take.
   */
  const isBefore = ({ updatedAtMs }: Total, fact: Fact): boolean =>
    isPending(fact) && (updatedAtMs ?? 0) < fact.acceptedAtMs;

  /** The total after a change that was accepted; undefined if it could not be read. */
  async function totalAfter(
    { key, amount: requested, begunAt }: PlannedChange,
    written: Exclude<Written<never>, { how: 'refused' | 'contended' | 'reused' | 'over' }>,
  ): Promise<Total | undefined> {
    if (written.how === 'deferred') {
      const { before } = written;
      return before && withChange(before, { acceptedAtMs: now(), amount: requested });
    }
    const counted = written.how === 'added' ? written.key : totalOfFact(key, written.fact);
    // An idempotency key may be remembered for longer than its window.
    if (isTotalOver(config, counted, now())) return undefined;
    if (written.how === 'seen_fact') {
      const total = await totals.read(counted, { consistent: true });
      return isBefore(total, written.fact) ? withChange(total, written.fact) : total;
    }
    const only = written.cell && totals.fromOnlyCell(counted, written.cell);
    if (only) return only;
    const { amount } = written;
    return amount === undefined
      ? totals.read(counted, { consistent: true })
      : totals.readAfter(counted, { amount, begunAt });
  }

  async function answer<Reason>(
    planned: PlannedChange,
    written: Exclude<Written<Reason>, { how: 'refused' }>,
  ): Promise<ChangeAnswer | Refusal> {
    if (written.how === 'contended') return refuseContended();
    if (written.how === 'reused') return refuseReused();
    if (written.how === 'over') return answerOver(written.claim);
    const isAdded = written.how === 'added';
    const accepted = {
      ok: true,
      pending: !isAdded && (written.how === 'deferred' || isPending(written.fact)),
      replayed: isAdded ? written.replayed : written.how === 'seen_fact',
      ...(planned.isSaturating && { applied: isAdded ? written.got : Math.abs(planned.amount) }),
    } as const;
    if (!planned.wantCount) return accepted;
    // The change has happened, whether its count can be told or not.
    const total = await totalAfter(planned, written).catch((error: unknown) => {
      if (error instanceof StoreUnavailableError) return undefined;
      throw error;
    });
    const { window } = windowOf(planned.key, written);
    const shown = total && asAnswer(total, window);
    if (!shown?.ok) return accepted;
    const isOther = window === allWindowKey && window !== planned.key.window;
    return { ...shown, ...accepted, ...(isOther && { window: 'all' }) };
  }

  /** Why a change is refused whatever the count is; undefined if it is not. */
  async function refuseBefore(
    { counter, definition }: NamedCounter<CountDefinition>,
    token: Token | undefined,
  ): Promise<Refusal | undefined> {
    const refused = token === undefined ? undefined : await deployments.refuseByAge(token.text);
    if (refused || !definition.bounds) return refused;
    return deployments.refuseUnsettled(counter);
  }

  /** Why a change does not fit; for a count that begins anew with each window, with when that is. */
  async function refuseByBounds(
    { key, definition, amount }: PlannedChange,
    { count, shardCount }: Cell,
  ): Promise<Refusal> {
    if (shardCount > 1) return refuseGrown(shardCount);
    const detail = `The count is ${count} and must be ${rangeOf(definition)}.`;
    const refusal = refuse('out_of_bounds', detail, count);
    const { bounds = {}, windows } = definition;
    const fitsAnew = amount !== 0 && fitsBounds(0, allowedBefore(amount, bounds));
    if (!fitsAnew || key.window === allWindowKey) return refusal;
    const resetsAtMs = windowEndMs(key.window, await calendars.of(key.subject, windows));
    return {
      ...refusal,
      room: { remaining: roomBefore(Number(count), amount, bounds), resetsAtMs },
      retryAfterSeconds: Math.max(1, Math.ceil((resetsAtMs - now()) / 1000)),
    };
  }

  /**
   * Adds an amount to a count, exactly once per token.
   *
   * @returns the count with the change in it, or why the change was refused (nothing was written)
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  async function change(
    counter: NamedCounter<CountDefinition>,
    request: ChangeRequest,
  ): Promise<ChangeAnswer | Refusal> {
    const { definition } = counter;
    const { amount, token, isSaturating = false } = request;
    const refusal = refuseByAmount(definition, amount) ?? (await refuseBefore(counter, token));
    if (refusal) return refusal;
    if (isSaturating && !definition.bounds) return refuseUnbounded();
    const fingerprint = `add ${amount}${isSaturating ? ' saturating' : ''}`;
    const planned = await plan(counter, { ...request, isSaturating, fingerprint });
    const written = await writes.add(planned);
    if (written.how === 'refused') return refuseByBounds(planned, written.cell);
    return answer(planned, written);
  }

  /**
   * Reads a count.
   *
   * @param options.window a window of the counter; by default the one it shows
   * @param options.consistent read what was last written, for twice the price
   * @throws StoreUnavailableError
   */
  async function read(
    { subject, counter, definition }: NamedCounter<CountDefinition>,
    options: { window?: WindowKind | undefined; consistent: boolean },
  ): Promise<CountAnswer | Refusal> {
    const kind = options.window ?? definition.windows[0];
    const refusal = refuseByWindow(definition, kind);
    if (refusal) return refusal;
    const calendar = await calendars.of(subject, [kind]);
    const key = { subject, counter, window: windowKeyAt(kind, now(), calendar) };
    return asAnswer(await totals.read(key, options), key.window);
  }

  /** What a set goes by. The cell first: a set that comes in between must be noticed, or it would be done twice. */
  async function observe(key: TotalKey) {
    const [cell] = await cells.readCells([{ ...key, region, shard: 0 }], { consistent: true });
    const { count } = await totals.read(key, { consistent: true });
    return { sets: cell?.sets ?? 0, count };
  }

  /**
   * Sets a count by adding the difference to what it is observed to be, so that changes which arrive
   * meanwhile survive. Only the shown window is set: what was counted in a day stays history.
   *
   * @param options.token the caller's idempotency key: the same one sets once
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  async function set(
    counter: NamedCounter<CountDefinition>,
    request: SetRequest,
    options: { token: Token | undefined; wantCount: boolean; fingerprint?: string },
  ): Promise<ChangeAnswer | Refusal> {
    const { definition } = counter;
    const { bounds } = definition;
    const { value, expected } = request;
    const { token, wantCount, fingerprint = fingerprintOfSet(request) } = options;
    const refusal = await refuseBefore(counter, token);
    if (refusal) return refusal;
    if (value < (bounds?.min ?? value) || value > (bounds?.max ?? value)) {
      return refuse('out_of_bounds', `${value} is not ${rangeOf(definition)}.`);
    }
    if (expected !== undefined && context.regions.length > 1) return refuseSeveralCells();
    const planned = await plan(counter, {
      amount: 0,
      isSaturating: false,
      fingerprint,
      token,
      wantCount,
    });
    const written = await writes.enterFirst<SetReason>(planned, (key, place) =>
      planSet(request, { bounds, observe: () => observe(key) }, place),
    );
    if (written.how !== 'refused') {
      const answered = await answer(planned, written);
      const [window, ...unchanged] = definition.windows;
      return answered.ok ? { ...answered, scope: { window, unchanged } } : answered;
    }
    if (written.reason === 'not_single_cell') return refuseSeveralCells();
    if (written.reason === 'count_mismatch') return refuseMismatch(written.cell, expected);
    return refuseByBounds(planned, written.cell);
  }

  return {
    change,
    read,
    set,

    /** Takes a count back to 0. @throws as `set` */
    reset: (counter: NamedCounter<CountDefinition>, token: Token | undefined) =>
      set(
        counter,
        { value: 0, expected: undefined },
        { token, wantCount: true, fingerprint: 'reset' },
      ),
  };
}
