/**
 * How counters grow. A register is hot when the database throttles it, or when so many tokens were
 * claimed for it a moment ago that it outgrows its turns. Then its total is spread over more cells;
 * where that is not allowed any more, new tokens go to the ledger for the next seconds. Which of
 * both a function does follows from its own memory: a token stays what it was put as.
 */
import { LRUCache } from 'lru-cache';
import { limits } from '../rules/limits.ts';
import { claimsPerSecond, type Register } from '../rules/register.ts';
import { grownShardCount } from '../rules/shards.ts';
import type { CellStore } from '../store/cell-store.ts';
import type { CounterContext } from './counter-context.ts';
import type { TotalKey, Totals } from './total.ts';

/** What may be done for a total. */
export interface Growable {
  readonly key: TotalKey;
  readonly maxShards: number;
  /** Epoch seconds; undefined for cells that stay. */
  readonly expiresAt: number | undefined;
}

export function createCrowding({
  cells,
  totals,
  region,
  now,
}: { cells: CellStore; totals: Totals } & Pick<CounterContext, 'region' | 'now'>) {
  const remembered = { max: limits.rememberedCounters };
  const overflowsUntilMs = new LRUCache<string, number>(remembered);
  const grownAtMs = new LRUCache<string, number>(remembered);
  const growing = new Map<string, Promise<void>>();
  /** Keyed changes that this function is making at the moment. */
  const underWay = new Map<string, number>();
  const nameOf = (key: TotalKey) => JSON.stringify(key);

  const overflows = ({ key }: Growable): boolean =>
    (overflowsUntilMs.get(nameOf(key)) ?? 0) > now();

  /** Registers look hot for a moment after a growth, by what came before it. */
  const hasJustGrown = ({ key }: Growable): boolean =>
    now() - (grownAtMs.get(nameOf(key)) ?? 0) < limits.growthShowsMs;

  /** Spreads a total over at least twice as many cells, or lets it overflow. Once for all who ask at the same time. */
  function grow(growable: Growable, wanted: number): Promise<void> {
    const name = nameOf(growable.key);
    const begun = growing.get(name) ?? growOnce(growable, name, wanted);
    growing.set(name, begun);
    return begun.finally(() => growing.delete(name));
  }

  async function growOnce(
    { key, maxShards, expiresAt }: Growable,
    name: string,
    wanted: number,
  ): Promise<void> {
    const from = totals.shardCount(key);
    const to = grownShardCount(from, wanted, maxShards);
    if (to === from) {
      overflowsUntilMs.set(name, now() + limits.hotForMs);
      return;
    }
    grownAtMs.set(name, now());
    const shardCount = await cells.growShards(
      { ...key, region, shard: 0 },
      { from, to, expiresAt },
    );
    totals.learnShardCount(key, shardCount);
    // The cell that would know takes nothing either.
    if (shardCount === from) overflowsUntilMs.set(name, now() + limits.hotForMs);
  }

  return {
    overflows,

    /** Asks for more cells because the database has throttled one. */
    relieve: async (growable: Growable): Promise<void> => {
      if (!hasJustGrown(growable)) await grow(growable, 1);
    },

    /** Makes a keyed change, with room for those that this function makes at the same time. */
    async withRoom<Result>(growable: Growable, change: () => Promise<Result>): Promise<Result> {
      const name = nameOf(growable.key);
      const count = (underWay.get(name) ?? 0) + 1;
      underWay.set(name, count);
      try {
        const wanted = () => Math.ceil((underWay.get(name) ?? 0) / limits.changesOfRegister);
        while (wanted() > totals.shardCount(growable.key) && !overflows(growable)) {
          const before = totals.shardCount(growable.key);
          await grow(growable, wanted());
          if (totals.shardCount(growable.key) === before) break;
        }
        return await change();
      } finally {
        const left = (underWay.get(name) ?? 1) - 1;
        if (left === 0) underWay.delete(name);
        else underWay.set(name, left);
      }
    },

    /** Asks for more cells if a register looks hot after a change of it. */
    async learn(growable: Growable, register: Register): Promise<void> {
      const { momentMs, entries } = limits.hotRegister;
      const rate = claimsPerSecond(register, now());
      if (rate === 0 || hasJustGrown(growable)) return;
      const perRegister = (entries * 1000) / momentMs;
      const times = Math.ceil((2 * rate) / perRegister);
      await grow(growable, times * totals.shardCount(growable.key));
    },
  };
}
