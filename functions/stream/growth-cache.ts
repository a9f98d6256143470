/** What a function remembers of how counters are spread over their shards. */
import { LRUCache } from 'lru-cache';
import { limits } from '../rules/limits.ts';
import type { GrowthHistory } from '../rules/spreading.ts';
import type { CellKey } from '../store/cell-store.ts';
import type { FoldStore, GrowthKey } from '../store/fold-store.ts';

export function createGrowthCache({ store, now }: { store: FoldStore; now: () => number }) {
  const histories = new LRUCache<string, { history: GrowthHistory; readAtMs: number }>({
    max: limits.rememberedCounters,
  });
  /** Callers that come at the same time share one read. */
  const reads = new Map<string, Promise<GrowthHistory>>();
  /** How many shards readers sum at least. */
  const shardCounts = new LRUCache<string, number>({ max: limits.rememberedCounters });
  const nameOf = ({ subject, counter, hasAll }: GrowthKey) => `${subject}#${counter}#${hasAll}`;

  /** @param readAtMs the moment before it was read: see rules/spreading.ts */
  function learn(key: GrowthKey, history: GrowthHistory, readAtMs: number): GrowthHistory {
    histories.set(nameOf(key), { history, readAtMs });
    return history;
  }

  /** The history, if it is remembered and young enough to go by. */
  function recall(key: GrowthKey): GrowthHistory | undefined {
    const memory = histories.get(nameOf(key));
    const ageMs = memory && now() - memory.readAtMs;
    return ageMs !== undefined && ageMs >= 0 && ageMs < limits.growthCacheMs
      ? memory?.history
      : undefined;
  }

  return {
    learn,
    recall,

    /** Whether nothing is known of a counter that would make it likely to have grown. */
    mayBeUngrown: (key: GrowthKey): boolean =>
      (histories.get(nameOf(key))?.history.length ?? 0) === 0,

    /** @throws if it cannot be read */
    async read(key: GrowthKey): Promise<GrowthHistory> {
      const memory = recall(key);
      if (memory) return memory;
      const readAtMs = now();
      const read =
        reads.get(nameOf(key)) ??
        store
          .readGrowth(key, readAtMs)
          .then((history) => learn(key, history, readAtMs))
          .finally(() => reads.delete(nameOf(key)));
      reads.set(nameOf(key), read);
      return read;
    },

    /**
     * Makes readers sum a shard before it holds anything.
     *
     * @param key the shard
     * @returns false if what is there is not a cell of Tally's
     */
    async show(
      key: CellKey,
      { shardCount, expiresAt }: { shardCount: number; expiresAt: number | undefined },
    ): Promise<boolean> {
      if (key.shard === 0) return true;
      const name = `${key.subject}#${key.counter}#${key.window}`;
      if ((shardCounts.get(name) ?? 1) > key.shard) return true;
      const first = { ...key, shard: 0 };
      const count = await store.raiseShardCount(first, { to: shardCount, expiresAt });
      if (count === undefined || count <= key.shard) return false;
      shardCounts.set(name, count);
      return true;
    },
  };
}

export type GrowthCache = ReturnType<typeof createGrowthCache>;
