/** The count kind: a signed number that changes by amounts. How it is written is in count-writes.ts. */

import { repeat } from '../rules/backoff.ts';
import { allowedBefore } from '../rules/bounds.ts';
import { limits } from '../rules/limits.ts';
import { tokenExpiry } from '../rules/tokens.ts';
import { allWindowKey, type WindowKind, windowKeyAt } from '../rules/windows.ts';
import type { Cell, CellStore } from '../store/cell-store.ts';
import type { CellChange, ChangeStore, SeenToken } from '../store/change-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import type { Calendars } from './calendars.ts';
import { createCountWrites, type PlannedChange, type Written } from './count-writes.ts';
import type { CounterContext } from './counter-context.ts';
import type { CountDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';
import { refuseByWindow } from './refuse-by-window.ts';
import { refuseByAge } from './token-age.ts';
import type { Total, TotalKey, Totals } from './total.ts';
import { isTotalOver, totalExpiry } from './total-expiry.ts';

export interface ChangeRequest {
  /** Signed, not 0. */
  readonly amount: number;
  /** The caller's idempotency key. */
  readonly token: string | undefined;
  /** Whether the caller wants to know the count after the change. */
  readonly wantCount: boolean;
}

export interface CountAnswer {
  readonly ok: true;
  readonly count: number;
  readonly updatedAtMs: number | null;
}

export interface ChangeAnswer {
  readonly ok: true;
  /** With the change in it. Absent if it was not wanted, could not be read, or is too large for JSON. */
  readonly count?: number;
  readonly updatedAtMs?: number | null;
  /** The window that was counted in, `all` or its key, if that is not the shown window of now. */
  readonly window?: string;
  /** Accepted, but not folded into the total yet. */
  readonly pending: boolean;
  /** The token was seen before: this very change had been accepted earlier. */
  readonly replayed: boolean;
}

export function createCounts({
  cells,
  changes,
  totals,
  calendars,
  ...context
}: {
  cells: CellStore;
  changes: ChangeStore;
  totals: Totals;
  calendars: Calendars;
} & Pick<CounterContext, 'config' | 'region' | 'now' | 'random' | 'newToken' | 'pause'>) {
  const { config, now, random } = context;
  const lifetimeMs = config.settings.tokenHours * 3_600_000;
  const { writeInTurn, writeImmediate, defer } = createCountWrites({
    ...context,
    cells,
    changes,
    totals,
  });

  async function plan(
    { subject, counter, definition }: NamedCounter<CountDefinition>,
    request: ChangeRequest,
  ): Promise<PlannedChange> {
    const calendar = await calendars.of(subject, definition.windows);
    const nowMs = now();
    const { amount } = request;
    const windows = definition.windows.map((kind) => windowKeyAt(kind, nowMs, calendar));
    const window = windowKeyAt(definition.windows[0], nowMs, calendar);
    const token = request.token ?? context.newToken();
    return {
      key: { subject, counter, window },
      cellChange: {
        amount,
        resetAway: 0n,
        resetAwayBefore: undefined,
        nowMs,
        expiresAt: totalExpiry(config, { subject, counter, window }),
        allowed: allowedBefore(amount, definition.bounds ?? {}),
      },
      token: {
        subject,
        counter,
        token,
        amount,
        fingerprint: `add ${amount}`,
        region: context.region,
        windows,
        acceptedAtMs: nowMs,
        expiresAt: tokenExpiry(token, nowMs, lifetimeMs),
      },
      plain: request.token === undefined && windows.length === 1,
      maxShards: definition.maxShards,
      wantCount: request.wantCount,
      begunAt: totals.tick(),
      unknown: false,
    };
  }

  /** The total behind a write that happened; undefined if it could not be read beside it. */
  async function totalAfter(
    { key, cellChange, begunAt }: PlannedChange,
    written: Written,
  ): Promise<Total | undefined> {
    if (written.how === 'deferred') {
      const { before } = written;
      return before && withChange(before, { acceptedAtMs: cellChange.nowMs }, cellChange);
    }
    if (written.how === 'seen') {
      const counted = { ...key, window: windowOf(key, written) };
      // Its idempotency key may be remembered for longer than its window.
      if (isTotalOver(config, counted, now())) return undefined;
      const total = await totals.read(counted, { consistent: true });
      return isBefore(total, written.seen) ? withChange(total, written.seen, cellChange) : total;
    }
    const known = written.how === 'added' && written.cell && totals.fromOnlyCell(key, written.cell);
    return known || totals.readAfter(key, { amount: cellChange.amount, begunAt });
  }

  /** Whether the fold may not have come yet to a change that was accepted earlier. */
  const isPending = ({ applied, acceptedAtMs }: SeenToken): boolean =>
    !applied && now() - acceptedAtMs < limits.foldedAfterSeconds * 1000;

  /**
   * Whether a change that was accepted earlier is not in a total yet. The fold dates a cell no earlier
   * than the changes it adds, by the clocks of their writers, so one dated before the change lacks it,
   * whatever these clocks say. A later write may date the cell back, if its clock is behind: so this
   * is believed only for as long as the fold may take.
   */
  const isBefore = ({ updatedAtMs }: Total, seen: SeenToken): boolean =>
    isPending(seen) && (updatedAtMs ?? 0) < seen.acceptedAtMs;

  async function answer(planned: PlannedChange, written: Written): Promise<ChangeAnswer | Refusal> {
    if (written.how === 'contended' || written.how === 'token_in_use') {
      return refuseContended(planned);
    }
    if (written.how === 'seen' && written.seen.fingerprint !== planned.token.fingerprint) {
      return refuse('idempotency_key_reused', 'This Idempotency-Key was used for another change.');
    }
    const accepted = {
      ok: true,
      pending: written.how === 'deferred' || (written.how === 'seen' && isPending(written.seen)),
      replayed: written.how === 'seen',
    } as const;
    if (!planned.wantCount) return accepted;
    // The change has happened, whether its count can be told or not.
    const total = await totalAfter(planned, written).catch((error: unknown) => {
      if (error instanceof StoreUnavailableError) return undefined;
      throw error;
    });
    const shown = total && asAnswer(total);
    if (!shown?.ok) return accepted;
    const key = windowOf(planned.key, written);
    if (key === planned.key.window) return { ...shown, ...accepted };
    return { ...shown, ...accepted, window: key === allWindowKey ? 'all' : key };
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
    const refusedToken = request.token && refuseByAge(request.token, now(), lifetimeMs);
    if (refusedToken) return refusedToken;
    const planned = await plan(counter, request);
    const { definition } = counter;
    const written = definition.bounds
      ? await writeInTurn(planned)
      : definition.write === 'deferred'
        ? await defer(planned)
        : await writeImmediate(planned);
    if (written.how === 'out_of_bounds') return refuseByBounds(definition, written.cell);
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
    return asAnswer(await totals.read(key, options));
  }

  /** A change that takes the observed count away, from the shown window alone. */
  async function planReset(
    counter: NamedCounter<CountDefinition>,
    token: string | undefined,
  ): Promise<PlannedChange> {
    const planned = await plan(counter, { amount: 0, token, wantCount: true });
    const first = { ...planned.key, region: context.region, shard: 0 };
    // Before the total: a reset that comes in between must be noticed, or it would be done twice.
    const [cell] = await cells.readCells([first], { consistent: true });
    const { count } = await totals.read(planned.key, { consistent: true });
    const amount = -count;
    const windows = [planned.key.window];
    return {
      ...planned,
      plain: false,
      cellChange: {
        ...planned.cellChange,
        amount,
        resetAway: count,
        resetAwayBefore: cell?.resetAway ?? 0n,
        // What has happened since must not make it break a bound.
        allowed: allowedBefore(amount, counter.definition.bounds ?? {}),
      },
      // The fold leaves out an amount that is no safe integer, but of a reset it has nothing to add.
      token: { ...planned.token, amount, fingerprint: 'reset', windows },
    };
  }

  /**
   * Takes a count back to 0 by subtracting what it is observed to be, so that changes which arrive
   * meanwhile survive. Only the shown window is reset: what was counted in a day stays history.
   *
   * @param token the caller's idempotency key: the same one resets once
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  async function reset(
    counter: NamedCounter<CountDefinition>,
    token: string | undefined,
  ): Promise<ChangeAnswer | Refusal> {
    const refusedToken = token && refuseByAge(token, now(), lifetimeMs);
    if (refusedToken) return refusedToken;
    const tryReset = async () => {
      const planned = await planReset(counter, token);
      return { planned, written: await writeInTurn(planned) };
    };
    const { planned, written } = await repeat(tryReset, {
      attempts: limits.boundedAttempts,
      isToRepeat: ({ written: last }) => last.how === 'out_of_bounds' && !hasGrown(last.cell),
      random,
      pause: context.pause,
    });
    if (written.how !== 'out_of_bounds') return answer(planned, written);
    return hasGrown(written.cell)
      ? refuseByBounds(counter.definition, written.cell)
      : refuseContended(planned);
  }

  return { change, read, reset };
}

/** The window that a change is shown in: of one that was accepted earlier, the one shown then. */
const windowOf = (key: TotalKey, written: Written): string =>
  (written.how === 'seen' ? written.seen.windows[0] : undefined) ?? key.window;

/** A total with a change that is not folded into it yet. */
const withChange = (
  total: Total,
  { acceptedAtMs }: Pick<SeenToken, 'acceptedAtMs'>,
  { amount }: Pick<CellChange, 'amount'>,
): Total => ({ ...total, count: total.count + BigInt(amount), updatedAtMs: acceptedAtMs });

/** Beyond 2^53 a JSON number would be rounded, and the answer a lie. */
function asAnswer({ count, updatedAtMs }: Total): CountAnswer | Refusal {
  const asNumber = Number(count);
  if (Number.isSafeInteger(asNumber)) return { ok: true, count: asNumber, updatedAtMs };
  return refuse('count_too_large', `The count is ${count}, which JSON cannot carry exactly.`);
}

/** @throws OutcomeUnknownError */
function refuseContended({ unknown }: PlannedChange): Refusal {
  if (unknown) throw new OutcomeUnknownError('a reply was lost, and then the counter was busy');
  return refuse('contended', 'Too many writers are at this counter, or at this key; try again.');
}

const hasGrown = ({ shardCount }: Cell): boolean => shardCount > 1;

function refuseByBounds({ bounds }: CountDefinition, cell: Cell): Refusal {
  if (hasGrown(cell)) {
    return refuse(
      'out_of_bounds',
      `The count was given bounds after it had grown to ${cell.shardCount} cells, where they cannot be kept.`,
    );
  }
  const range = `${bounds?.min ?? 'any'} to ${bounds?.max ?? 'any'}`;
  const count = Number(cell.count);
  return refuse('out_of_bounds', `The count is ${count} and must stay in ${range}.`, count);
}
