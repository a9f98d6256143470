/**
 * The limit kind: so many units in a time, for what somebody else limits by it, such as the calls of a
 * customer. A take is no fact that counts once: a retry takes again, and at worst less gets through
 * than could. Never more does, but for the difference of clocks (`rules/allowance.ts`).
 */
import { type Rate, type Room, roomAt } from '../rules/allowance.ts';
import { limits } from '../rules/limits.ts';
import type { AllowanceStore } from '../store/allowance-store.ts';
import { createAllowances } from './allowances.ts';
import type { CounterContext } from './counter-context.ts';
import type { LimitDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';

export interface LimitAnswer extends Room {
  readonly ok: true;
  /** Whether the cost was taken; where nothing was to be taken, whether a unit could be. */
  readonly allowed: boolean;
}

type Limit = NamedCounter<LimitDefinition>;

export function createLimits({
  store,
  region,
  now,
}: { store: AllowanceStore } & Pick<CounterContext, 'region' | 'now'>) {
  const allowances = createAllowances({ store, now, trustRefusalMs: limits.trustRefusalMs });
  const keyOf = ({ subject, counter }: Limit) => ({ subject, counter, region });

  return {
    /**
     * Takes a cost, if there is room for all of it.
     * @throws OutcomeUnknownError (it may have been taken), StoreUnavailableError
     */
    async take(limit: Limit, cost: number): Promise<LimitAnswer | Refusal> {
      const rate = rateOf(limit);
      if (cost > rate.burst) return refuseCost(cost, rate);
      const { outcome, remaining, retryAfterMs } = await allowances.take(keyOf(limit), rate, {
        cost,
      });
      if (outcome === 'contended') {
        return refuse('contended', 'Too many are taking from this limit at once; try again.');
      }
      if (outcome === 'refused') return { ok: true, allowed: false, remaining, retryAfterMs };
      return { ok: true, allowed: true, remaining, retryAfterMs: 0 };
    },

    /** What could be taken now. @throws StoreUnavailableError */
    async read(limit: Limit, options: { consistent: boolean }): Promise<LimitAnswer> {
      const arrivalUs = await allowances.read(keyOf(limit), options);
      return asAnswer(roomAt(arrivalUs, rateOf(limit), { cost: 1, nowMs: now() }));
    },

    /**
     * Gives back what was taken and not used. There is never more room than the burst.
     * @throws OutcomeUnknownError (a second time could give too much), StoreUnavailableError
     */
    async giveBack(limit: Limit, cost: number): Promise<LimitAnswer | Refusal> {
      const rate = rateOf(limit);
      if (cost > rate.burst) return refuseCost(cost, rate);
      return asAnswer(await allowances.giveBack(keyOf(limit), rate, cost));
    },
  };
}

const rateOf = ({ definition: { max, perSeconds, burst = max } }: Limit): Rate => ({
  max,
  perSeconds,
  burst,
});

const asAnswer = (room: Room): LimitAnswer => ({
  ok: true,
  allowed: room.retryAfterMs === 0,
  ...room,
});

const refuseCost = (cost: number, { burst }: Rate): Refusal =>
  refuse('invalid_cost', `The cost is ${cost}; this limit never has room for more than ${burst}.`);
