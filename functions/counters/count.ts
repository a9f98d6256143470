/**
 * The count kind: a signed number that changes by amounts.
 *
 * A change goes to a random shard at once, or, when its counter is deferred or contended, into the
 * ledger alone, from where the fold adds it. Either way it is accepted exactly once per token.
 */
import { LRUCache } from 'lru-cache';
import { retryPauseMs } from '../rules/backoff.ts';
import { roomFor } from '../rules/bounds.ts';
import { limits } from '../rules/limits.ts';
import { grownShardCount, pickOtherShard, pickShard } from '../rules/shards.ts';
import { tokenExpiry } from '../rules/tokens.ts';
import { type WindowKind, windowExpiry, windowKeyAt } from '../rules/windows.ts';
import {
  type AddOutcome,
  type Cell,
  type CellChange,
  type SeenToken,
  StoreUnavailableError,
  type Token,
  type TokenOutcome,
} from '../store/counter-store.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { CountDefinition } from './define-counters.ts';
import { type Refusal, refuse } from './refusals.ts';
import { refuseByAge } from './token-age.ts';
import type { Total, TotalKey, Totals } from './total.ts';
import { writeBesideRead } from './write-beside-read.ts';

export interface CountOf {
  readonly subject: string;
  readonly counter: string;
  readonly definition: CountDefinition;
}

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
  /** Absent if it was not wanted, could not be read, or is too large for JSON. */
  readonly count?: number;
  readonly updatedAtMs?: number | null;
  /** Accepted, but not folded into the total yet. */
  readonly pending: boolean;
  /** The token was seen before: this very change had been accepted earlier. */
  readonly replayed: boolean;
}

/** How a change was written, and what that tells of the total. */
type Written =
  | { readonly how: 'added'; readonly cell?: Cell }
  | { readonly how: 'deferred'; readonly before: Total | undefined }
  | { readonly how: 'seen'; readonly seen: SeenToken }
  | { readonly how: 'out_of_room'; readonly cell: Cell }
  | { readonly how: 'contended' };

interface Plan {
  readonly key: TotalKey;
  readonly cellChange: Omit<CellChange, 'key'>;
  readonly token: Token;
  /** A caller without a token, and a single window: a plain ADD does, for a quarter of the price. */
  readonly plain: boolean;
  readonly maxShards: number;
  readonly wantCount: boolean;
}

export function createCounts({
  context,
  totals,
  calendars,
}: {
  context: CounterContext;
  totals: Totals;
  calendars: Calendars;
}) {
  const { store, config, now, random } = context;
  const lifetimeMs = config.settings.tokenHours * 3_600_000;
  /** Counters that met contention twice, and until when (epoch ms) they are not added to directly. */
  const hotUntilMs = new LRUCache<string, number>({ max: limits.rememberedCounters });

  async function plan(
    { subject, counter, definition }: CountOf,
    request: ChangeRequest,
  ): Promise<Plan> {
    const calendar = await calendars.of(subject, definition.windows);
    const nowMs = now();
    const { amount } = request;
    const windows = definition.windows.map((kind) => windowKeyAt(kind, nowMs, calendar));
    const window = windowKeyAt(definition.windows[0], nowMs, calendar);
    const token = request.token ?? context.newToken();
    return {
      key: { subject, series: counter, window },
      cellChange: {
        amount,
        resetAway: 0,
        resetAwayBefore: undefined,
        nowMs,
        expiresAt: windowExpiry({ window, keepDays: definition.keepDays, jitter: random() }),
        room: roomFor(amount, definition.bounds ?? {}),
      },
      token: {
        subject,
        counter,
        token,
        amount,
        fingerprint: `add ${amount}`,
        region: context.region,
        windows,
        expiresAt: tokenExpiry(token, nowMs, lifetimeMs),
      },
      plain: request.token === undefined && windows.length === 1,
      maxShards: definition.maxShards,
      wantCount: request.wantCount,
    };
  }

  async function writeToShard(planned: Plan, shard: number): Promise<AddOutcome | TokenOutcome> {
    const { key, cellChange, token, plain } = planned;
    const placed = { ...cellChange, key: { ...key, region: context.region, shard } };
    return plain ? store.add(placed) : store.addWithToken(placed, token);
  }

  /** A bound, and what resets took away, are kept in one cell: there is no other, so wait for a turn. */
  async function writeInTurn(planned: Plan): Promise<Written> {
    for (let attempt = 0; attempt < limits.boundedAttempts; attempt++) {
      if (attempt > 0) await context.pause(retryPauseMs(attempt - 1, random()));
      const written = asWritten(await writeToShard(planned, 0));
      if (written.how !== 'contended') return written;
    }
    return { how: 'contended' };
  }

  async function writeImmediate(planned: Plan): Promise<Written> {
    const name = JSON.stringify(planned.key);
    if ((hotUntilMs.get(name) ?? 0) > now()) return defer(planned);
    const firstShard = pickShard(totals.shardCount(planned.key), random());
    const first = asWritten(await writeToShard(planned, firstShard));
    if (first.how !== 'contended') return first;
    const otherShard = pickOtherShard(totals.shardCount(planned.key), firstShard, random());
    const second = asWritten(await writeToShard(planned, otherShard));
    if (second.how !== 'contended') return second;
    hotUntilMs.set(name, now() + limits.hotForMs);
    const [written] = await Promise.all([defer(planned), grow(planned)]);
    return written;
  }

  async function grow({ key, cellChange, maxShards }: Plan): Promise<void> {
    const from = totals.shardCount(key);
    const to = grownShardCount(from, maxShards);
    if (to === from) return;
    const shardCount = await store.growShards(
      { ...key, region: context.region, shard: 0 },
      { from, to, expiresAt: cellChange.expiresAt },
    );
    totals.learnShardCount(key, shardCount);
  }

  async function defer({ key, token, wantCount }: Plan): Promise<Written> {
    const [outcome, before] = await writeBesideRead(
      store.defer(token),
      wantCount ? totals.read(key, { consistent: false }) : Promise.resolve(undefined),
    );
    if (outcome.outcome === 'seen') return { how: 'seen', seen: outcome.seen };
    return { how: 'deferred', before };
  }

  /** The total behind a write that happened; undefined if it could not be read beside it. */
  async function totalAfter(
    { key, cellChange }: Plan,
    written: Written,
  ): Promise<Total | undefined> {
    if (written.how === 'deferred') {
      const { before } = written;
      if (before === undefined) return undefined;
      const count = before.count + BigInt(cellChange.amount);
      return { ...before, count, updatedAtMs: cellChange.nowMs };
    }
    if (written.how === 'seen') return totals.read(key, { consistent: true });
    const known = written.how === 'added' && written.cell && totals.fromOnlyCell(key, written.cell);
    return known || totals.readAfter(key, cellChange.amount);
  }

  async function answer(planned: Plan, written: Written): Promise<ChangeAnswer | Refusal> {
    if (written.how === 'seen' && written.seen.fingerprint !== planned.token.fingerprint) {
      return refuse('token_reused', 'This Idempotency-Key was used for another change.');
    }
    const accepted = {
      ok: true,
      pending: written.how === 'deferred' || (written.how === 'seen' && !written.seen.applied),
      replayed: written.how === 'seen',
    } as const;
    if (!planned.wantCount) return accepted;
    // The change has happened, whether its count can be told or not.
    const total = await totalAfter(planned, written).catch((error: unknown) => {
      if (error instanceof StoreUnavailableError) return undefined;
      throw error;
    });
    const shown = total && asAnswer(total);
    return shown?.ok ? { ...shown, ...accepted } : accepted;
  }

  /**
   * Adds an amount to a count, exactly once per token.
   *
   * @returns the count with the change in it, or why the change was refused (nothing was written)
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  async function change(of: CountOf, request: ChangeRequest): Promise<ChangeAnswer | Refusal> {
    const refusedToken = request.token && refuseByAge(request.token, now(), lifetimeMs);
    if (refusedToken) return refusedToken;
    const planned = await plan(of, request);
    const { definition } = of;
    const written = definition.bounds
      ? await writeInTurn(planned)
      : definition.write === 'deferred'
        ? await defer(planned)
        : await writeImmediate(planned);
    if (written.how === 'contended') return refuseContended();
    if (written.how === 'out_of_room') return refuseByBounds(definition, written.cell);
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
    { subject, counter, definition }: CountOf,
    options: { window?: WindowKind | undefined; consistent: boolean },
  ): Promise<CountAnswer | Refusal> {
    const kind = options.window ?? definition.windows[0];
    if (!definition.windows.includes(kind)) {
      return refuse(
        'invalid_window',
        `This counter has no window "${kind}"; it has ${definition.windows.join(', ')}.`,
      );
    }
    const calendar = await calendars.of(subject, [kind]);
    const key = { subject, series: counter, window: windowKeyAt(kind, now(), calendar) };
    return asAnswer(await totals.read(key, options));
  }

  /** A change that takes the observed count away, from the shown window alone. */
  async function planReset(of: CountOf, token: string | undefined): Promise<Plan | Refusal> {
    const planned = await plan(of, { amount: 0, token, wantCount: true });
    const first = { ...planned.key, region: context.region, shard: 0 };
    // Before the total: a reset that comes in between must be noticed, or it would be done twice.
    const [cell] = await store.readCells([first], { consistent: true });
    const observed = asAnswer(await totals.read(planned.key, { consistent: true }));
    if (!observed.ok) return observed;
    const amount = -observed.count;
    // A bound could be broken by what happens since, so a bounded count must still be as observed.
    const room = of.definition.bounds ? { atLeast: observed.count, atMost: observed.count } : {};
    const windows = [planned.key.window];
    return {
      ...planned,
      plain: false,
      cellChange: {
        ...planned.cellChange,
        amount,
        resetAway: observed.count,
        resetAwayBefore: cell?.resetAway ?? 0n,
        room,
      },
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
  async function reset(of: CountOf, token: string | undefined): Promise<ChangeAnswer | Refusal> {
    const refusedToken = token && refuseByAge(token, now(), lifetimeMs);
    if (refusedToken) return refusedToken;
    for (let attempt = 0; attempt < limits.boundedAttempts; attempt++) {
      const planned = await planReset(of, token);
      if ('ok' in planned) return planned;
      const written = await writeInTurn(planned);
      if (written.how === 'out_of_room') continue;
      return written.how === 'contended' ? refuseContended() : answer(planned, written);
    }
    return refuseContended();
  }

  return { change, read, reset };
}

function asWritten(outcome: AddOutcome | TokenOutcome): Written {
  switch (outcome.outcome) {
    case 'accepted':
      return { how: 'added' };
    case 'added':
      return { how: 'added', cell: outcome.cell };
    case 'seen':
      return { how: 'seen', seen: outcome.seen };
    case 'out_of_room':
      return { how: 'out_of_room', cell: outcome.cell };
    case 'contended':
      return { how: 'contended' };
  }
}

/** Beyond 2^53 a JSON number would be rounded, and the answer a lie. */
function asAnswer({ count, updatedAtMs }: Total): CountAnswer | Refusal {
  const asNumber = Number(count);
  if (Number.isSafeInteger(asNumber)) return { ok: true, count: asNumber, updatedAtMs };
  return refuse('count_too_large', `The count is ${count}, which JSON cannot carry exactly.`);
}

const refuseContended = (): Refusal =>
  refuse('contended', 'Too many writers are at this counter; try again.');

function refuseByBounds({ bounds }: CountDefinition, cell: Cell): Refusal {
  const range = `${bounds?.min ?? 'any'} to ${bounds?.max ?? 'any'}`;
  const count = Number(cell.count);
  return refuse('out_of_bounds', `The count is ${count} and must stay in ${range}.`, count);
}
