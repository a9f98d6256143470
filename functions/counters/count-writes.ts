/**
 * How a change of a count is written. Without an idempotency key it is one ADD to a random cell. With
 * one it is counted by a register, or, where the counter is deferred or crowded, by the fold from the
 * ledger: the form in which its token is first put decides which, for good.
 */
import { repeat } from '../rules/backoff.ts';
import { allowedBefore } from '../rules/bounds.ts';
import { limits } from '../rules/limits.ts';
import { senders, type Token } from '../rules/senders.ts';
import { pickOtherShard, pickShard } from '../rules/shards.ts';
import { tokenExpiry } from '../rules/tokens.ts';
import type { CellStore } from '../store/cell-store.ts';
import type { Claim, TokenForm } from '../store/register-store.ts';
import { type AddReason, isConditional, type Place, planAdd } from './count-plans.ts';
import type { CounterContext } from './counter-context.ts';
import { createCrowding, type Growable } from './crowding.ts';
import type { Deployments } from './deployments.ts';
import type { PlanChange } from './enter-register.ts';
import type { Counted, Registers } from './register.ts';
import type { TotalKey, Totals } from './total.ts';
import { cellExpiry, keepPagesMs } from './total-expiry.ts';
import { writeBesideRead } from './write-beside-read.ts';
import {
  type AmountOf,
  addedBy,
  fromEntered,
  type PlannedChange,
  unknownAmount,
  type Written,
} from './written-change.ts';

export function createCountWrites({
  cells,
  registers,
  totals,
  deployments,
  config,
  region,
  regions,
  now,
  random,
  newToken,
  pause,
}: {
  cells: CellStore;
  registers: Registers;
  totals: Totals;
  deployments: Deployments;
} & Pick<
  CounterContext,
  'config' | 'region' | 'regions' | 'now' | 'random' | 'newToken' | 'pause'
>) {
  const { tokenHours } = config.settings;
  const crowding = createCrowding({ cells, totals, region, now });
  const ownToken = (): Token => ({ text: newToken(), sender: senders.tally });
  const expiryOf = (key: TotalKey) => cellExpiry(config, key);

  const growableOf = ({ key, definition }: PlannedChange): Growable => ({
    key,
    maxShards: definition.maxShards,
    expiresAt: expiryOf(key),
  });

  const placeOf = (key: TotalKey, windows: readonly string[]): Place => ({
    otherWindows: windows.slice(1),
    expiresAt: expiryOf(key),
    now,
  });

  /** The total that a claim is counted in. */
  const totalOf = ({ key }: PlannedChange, { windows: [window = key.window] }: TokenForm) => ({
    ...key,
    window,
  });

  function formOf(
    planned: PlannedChange,
    token: Token,
    form: { form: 'claim'; shard: number } | { form: 'fact' },
  ): TokenForm {
    const nowMs = now();
    const common = {
      fingerprint: planned.fingerprint,
      region,
      windows: planned.windows,
      expiresAt: tokenExpiry(token.text, nowMs, tokenHours * 3_600_000),
    };
    return form.form === 'claim'
      ? { ...common, ...form, claimedAtMs: nowMs }
      : { ...common, ...form, amount: planned.amount, acceptedAtMs: nowMs };
  }

  /** Puts a token as this form, and counts it if that is a claim. */
  async function countToken<Reason>(
    planned: PlannedChange,
    { token, form }: { token: Token; form: TokenForm },
    planOf: (claim: Claim) => PlanChange<Reason>,
  ): Promise<Counted<Reason>> {
    const { subject, counter } = planned.key;
    return registers.count({
      token: { subject, counter, token },
      form,
      keyOf: (claim) => ({ ...totalOf(planned, claim), region: claim.region, shard: claim.shard }),
      planOf,
      expiryOf: (claim) => expiryOf(totalOf(planned, claim)),
      claimExpiry: (nowMs) => tokenExpiry(token.text, nowMs, tokenHours * 3_600_000),
      isOver: (claim) => (expiryOf(totalOf(planned, claim)) ?? Infinity) * 1000 <= now(),
      mayBeReused: ({ fingerprint }) =>
        planned.definition.bounds !== undefined || isConditional(fingerprint),
      ...(!planned.definition.bounds && {
        onThrottled: () => crowding.relieve(growableOf(planned)),
      }),
      keepPagesMs: keepPagesMs(tokenHours),
    });
  }

  function asWritten<Reason>(
    planned: PlannedChange,
    counted: Counted<Reason>,
    amountOf: AmountOf,
  ): Written<Reason> {
    switch (counted.outcome) {
      case 'entered':
      case 'replayed':
      case 'refused':
      case 'contended': {
        const { shard } = counted.claim;
        return fromEntered(totalOf(planned, counted.claim), shard, counted, amountOf);
      }
      case 'fact':
        if (counted.isNew) return { how: 'deferred', before: undefined };
        return { how: 'seen_fact', fact: counted.fact };
      case 'over':
        return { how: 'over', claim: counted.claim };
      case 'reused':
        return { how: 'reused' };
    }
  }

  /** Adds to the one cell there may be, and waits for it. */
  async function addInBounds(planned: PlannedChange): Promise<Written<AddReason>> {
    const { outcome, ...added } = await repeat(() => addTo(planned, 0), {
      attempts: limits.boundedAttempts,
      isToRepeat: (result) => result.outcome === 'throttled',
      random,
      pause,
    });
    if (outcome === 'throttled' || !('cell' in added)) return { how: 'contended' };
    const { cell } = added;
    if (outcome === 'out_of_bounds') return { how: 'refused', reason: 'out_of_bounds', cell };
    const { key, amount } = planned;
    return { how: 'added', key, cell, got: 0, amount, replayed: false };
  }

  function addTo({ key, windows, amount, definition }: PlannedChange, shard: number) {
    return cells.add({
      key: { ...key, region, shard },
      amount,
      otherWindows: windows.slice(1),
      nowMs: now(),
      expiresAt: expiryOf(key),
      allowed: allowedBefore(amount, definition.bounds ?? {}),
    });
  }

  /** Adds to one cell or another; the ledger takes what neither of them does. */
  async function addAnywhere(planned: PlannedChange): Promise<Written<AddReason>> {
    const { key, amount } = planned;
    const growable = growableOf(planned);
    if (crowding.overflows(growable)) return defer(planned);
    const first = pickShard(totals.shardCount(planned.key), random());
    const other = () => pickOtherShard(totals.shardCount(planned.key), first, random());
    for (const shardOf of [() => first, other]) {
      const shard = shardOf();
      const added = await addTo(planned, shard);
      if (added.outcome === 'added') {
        const cell = shard === 0 ? added.cell : undefined;
        return { how: 'added', key, cell, got: 0, amount, replayed: false };
      }
    }
    const [written] = await Promise.all([defer(planned), crowding.relieve(growable)]);
    return written;
  }

  /** Counts in the register that the claim names: the only one, or any. */
  async function enterToken(
    planned: PlannedChange,
    token: Token,
    shard: number,
  ): Promise<Written<AddReason>> {
    const form = formOf(planned, token, { form: 'claim', shard });
    const counted = await countToken(planned, { token, form }, (claim) =>
      planAdd(addOf(planned), placeOf(totalOf(planned, claim), claim.windows)),
    );
    if (counted.outcome === 'entered' && !planned.definition.bounds) {
      await crowding.learn(growableOf(planned), counted.register);
    }
    return asWritten(planned, counted, addedBy(planned));
  }

  /** Where several regions write, none of them has a register that all could ask. */
  async function enterAnywhere(planned: PlannedChange, token: Token): Promise<Written<AddReason>> {
    const growable = growableOf(planned);
    if (regions.length > 1) return defer(planned);
    return crowding.withRoom(growable, () =>
      crowding.overflows(growable)
        ? defer(planned)
        : enterToken(planned, token, pickShard(totals.shardCount(planned.key), random())),
    );
  }

  /** Enters a change under a token that was made here. Nobody else can have it, so no claim is put. */
  async function enterOnce<Reason>(
    { key }: PlannedChange,
    plan: PlanChange<Reason>,
    amountOf: AmountOf,
  ): Promise<Written<Reason>> {
    const { subject, counter } = key;
    const expiresAt = expiryOf(key);
    const entered = await registers.enter({
      key: { ...key, region, shard: 0 },
      token: { subject, counter, token: ownToken() },
      claim: { claimedAtMs: now(), isFirst: true, isOwn: true, isStored: false },
      plan,
      claimExpiry: () => 0,
      expiresAt,
      keepPagesMs: keepPagesMs(tokenHours),
    });
    return fromEntered(key, 0, entered, amountOf);
  }

  async function defer(planned: PlannedChange): Promise<Written<AddReason>> {
    const { key, wantCount } = planned;
    const token = planned.token ?? ownToken();
    async function send(): Promise<Counted<AddReason>> {
      await deployments.note();
      const form = formOf(planned, token, { form: 'fact' });
      return countToken(planned, { token, form }, (claim) =>
        planAdd(addOf(planned), placeOf(totalOf(planned, claim), claim.windows)),
      );
    }
    const [counted, before] = await writeBesideRead(
      send(),
      wantCount ? totals.read(key, { consistent: false }) : Promise.resolve(undefined),
    );
    const written = asWritten(planned, counted, addedBy(planned));
    return written.how === 'deferred' ? { how: 'deferred', before } : written;
  }

  /** @throws OutcomeUnknownError, StoreUnavailableError */
  function add(planned: PlannedChange): Promise<Written<AddReason>> {
    const { definition, key, windows, token, isSaturating } = planned;
    if (definition.bounds) {
      if (token !== undefined) return enterToken(planned, token, 0);
      if (!isSaturating) return addInBounds(planned);
      const plan = planAdd(addOf(planned), placeOf(key, windows));
      return enterOnce(planned, plan, addedBy(planned));
    }
    if (definition.write === 'deferred') return defer(planned);
    return token === undefined ? addAnywhere(planned) : enterAnywhere(planned, token);
  }

  /**
   * Enters a change on the first cell by a plan of its own, with the caller's token or once.
   *
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  async function enterFirst<Reason>(
    planned: PlannedChange,
    planOf: (key: TotalKey, place: Place) => PlanChange<Reason>,
  ): Promise<Written<Reason>> {
    const { key, token } = planned;
    const placed = (total: TotalKey) => planOf(total, placeOf(total, [total.window]));
    if (token === undefined) return enterOnce(planned, placed(key), unknownAmount);
    const form = formOf(planned, token, { form: 'claim', shard: 0 });
    const counted = await countToken(planned, { token, form }, (claim) =>
      placed(totalOf(planned, claim)),
    );
    return asWritten(planned, counted, unknownAmount);
  }

  return { add, enterFirst };
}

const addOf = ({ amount, definition: { bounds }, isSaturating }: PlannedChange) => ({
  amount,
  bounds,
  isSaturating,
});
