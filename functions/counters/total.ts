/**
 * A total is the sum of its cells: every shard of every region. How many shards there are is known
 * to shard 0 alone, so a reader goes by what it saw last and fetches the rest when there are more.
 */
import { LRUCache } from 'lru-cache';
import { limits } from '../rules/limits.ts';
import type { Cell, CellKey, CellStore } from '../store/cell-store.ts';
import type { CounterContext } from './counter-context.ts';
import { isTotalOver } from './total-expiry.ts';

export interface TotalKey {
  readonly subject: string;
  readonly counter: string;
  readonly window: string;
}

export interface Total {
  readonly count: bigint;
  /** What each choice of a reaction, or each bucket of viewers, counts. */
  readonly parts: ReadonlyMap<string, bigint>;
  /** What resets have taken away from it. */
  readonly resetAway: bigint;
  /** How often its cells were changed. */
  readonly version: number;
  readonly updatedAtMs: number | null;
  /** Its window is not kept any more: nothing is known of it. */
  readonly isOver: boolean;
}

export interface Totals {
  /**
   * Sums the cells of a total.
   *
   * One that is a single cell is always read from the table. One of several cells may be served
   * from memory, up to `readCacheSeconds` old, unless `consistent` is asked for.
   */
  read(key: TotalKey, options: { consistent: boolean }): Promise<Total>;
  /**
   * The total after a change made here, the change included. A total of several cells that is
   * still remembered is added up in memory, so that a hot counter is not read again at each write.
   *
   * @param change.begunAt the moment before the first call that could have made the change
   */
  readAfter(key: TotalKey, change: { amount: number | bigint; begunAt: number }): Promise<Total>;
  /** A moment of this function: later ones are larger, also within a millisecond. */
  tick(): number;
  /** The total as its one cell shows it after a change; undefined if it has other cells. */
  fromOnlyCell(key: TotalKey, cell: Cell): Total | undefined;
  /** How many shards the total has in this region, as far as is known here. */
  shardCount(key: TotalKey): number;
  /** Remembers a shard count that somebody saw on shard 0 of this region. */
  learnShardCount(key: TotalKey, shardCount: number): void;
}

interface Memory {
  readonly total: Total;
  readonly readAtMs: number;
  /** The moments around the read. */
  readonly begunAt: number;
  readonly endedAt: number;
}

export function createTotals({
  store,
  region,
  regions,
  config,
  now,
}: { store: CellStore } & Pick<CounterContext, 'region' | 'regions' | 'config' | 'now'>): Totals {
  const shardCounts = new LRUCache<string, readonly number[]>({ max: limits.rememberedCounters });
  const remembered = new LRUCache<string, Memory>({ max: limits.rememberedCounters });
  let ticks = 0;
  const tick = () => ++ticks;
  const nameOf = (key: TotalKey) => `${key.subject}#${key.counter}#${key.window}`;
  const localIndex = regions.indexOf(region);
  const noneEach = regions.map(() => 0);
  const oneEach = regions.map(() => 1);
  const knownShardCounts = (key: TotalKey) => shardCounts.get(nameOf(key)) ?? oneEach;

  /** Shards only become more: a read that began before a growth and ended after it knows too little. */
  function learnShardCounts(key: TotalKey, seen: readonly number[]): void {
    if (seen.every((count) => count === 1)) return;
    const known = knownShardCounts(key);
    shardCounts.set(
      nameOf(key),
      known.map((count, index) => Math.max(count, seen[index] ?? 1)),
    );
  }

  /** The keys of the shards from `from` up to `to`, each given per region. */
  const cellKeys = (key: TotalKey, from: readonly number[], to: readonly number[]): CellKey[] =>
    regions.flatMap((cellRegion, index) => {
      const first = from[index] ?? 0;
      const length = Math.max(0, (to[index] ?? 1) - first);
      return Array.from({ length }, (_, offset) => ({
        ...key,
        region: cellRegion,
        shard: first + offset,
      }));
    });

  async function readAll(key: TotalKey, consistent: boolean): Promise<Total> {
    const assumed = knownShardCounts(key);
    const keys = cellKeys(key, noneEach, assumed);
    const cells = await store.readCells(keys, { consistent });
    const actual = regions.map((cellRegion, index) => {
      const first = keys.findIndex((cell) => cell.region === cellRegion && cell.shard === 0);
      return Math.max(assumed[index] ?? 1, cells[first]?.shardCount ?? 1);
    });
    const missing = cellKeys(key, assumed, actual);
    const rest = missing.length > 0 ? await store.readCells(missing, { consistent }) : [];
    learnShardCounts(key, actual);
    return sumUnexpired(key, [...cells, ...rest]);
  }

  /**
   * Nothing of a total is shown once it has expired: DynamoDB deletes its cells hours or days later,
   * one by one. Cells that were written under a shorter `keepDays` expire before the others.
   */
  function sumUnexpired(key: TotalKey, cells: readonly (Cell | undefined)[]): Total {
    const nowMs = now();
    const hasExpired = (cell: Cell | undefined) => (cell?.expiresAt ?? Infinity) * 1000 <= nowMs;
    const isOver = isTotalOver(config, key, nowMs) || cells.some(hasExpired);
    return { ...sum(isOver ? [] : cells), isOver };
  }

  /** What is remembered of a total of several cells; a single cell is as cheap to read again. */
  function recall(key: TotalKey): Memory | undefined {
    const memory = remembered.get(nameOf(key));
    if (!memory || now() - memory.readAtMs >= config.settings.readCacheSeconds * 1000) {
      return undefined;
    }
    return memory;
  }

  async function readAndRemember(key: TotalKey, consistent: boolean): Promise<Total> {
    const readAtMs = now();
    const begunAt = tick();
    const total = await readAll(key, consistent);
    const cellCount = knownShardCounts(key).reduce((all, count) => all + count, 0);
    const isLatest = begunAt > (remembered.get(nameOf(key))?.begunAt ?? 0);
    if (cellCount > 1 && isLatest) {
      remembered.set(nameOf(key), { total, readAtMs, begunAt, endedAt: tick() });
    }
    return total;
  }

  const shardCount = (key: TotalKey) => knownShardCounts(key)[localIndex] ?? 1;

  return {
    shardCount,
    tick,

    async read(key, { consistent }) {
      const memory = consistent ? undefined : recall(key);
      return memory?.total ?? (await readAndRemember(key, consistent));
    },

    async readAfter(key, { amount, begunAt }) {
      const memory = recall(key);
      // What was read while the change was made may have the change in it already.
      if (!memory || memory.endedAt > begunAt) return readAndRemember(key, true);
      const count = memory.total.count + BigInt(amount);
      const version = memory.total.version + 1;
      const total = { ...memory.total, count, version, updatedAtMs: now() };
      remembered.set(nameOf(key), { ...memory, total });
      return total;
    },

    fromOnlyCell(key, cell) {
      const onlyCell = regions.length === 1 && Math.max(cell.shardCount, shardCount(key)) === 1;
      return onlyCell ? sumUnexpired(key, [cell]) : undefined;
    },

    learnShardCount(key, seen) {
      learnShardCounts(key, oneEach.with(localIndex, seen));
    },
  };
}

function sum(cells: readonly (Cell | undefined)[]): Omit<Total, 'isOver'> {
  let count = 0n;
  const parts = new Map<string, bigint>();
  let resetAway = 0n;
  let version = 0;
  let updatedAtMs: number | null = null;
  for (const cell of cells) {
    if (!cell) continue;
    count += cell.count;
    for (const [part, amount] of cell.parts) parts.set(part, (parts.get(part) ?? 0n) + amount);
    resetAway += cell.resetAway;
    version += cell.version;
    if (cell.updatedAtMs !== null) updatedAtMs = Math.max(updatedAtMs ?? 0, cell.updatedAtMs);
  }
  return { count, parts, resetAway, version, updatedAtMs };
}
