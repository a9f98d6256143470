/**
 * How a change of a count is written: to the cell of a random shard at once, or, when its counter is deferred or
 * contended, into the ledger alone, from where the fold adds it. Either way it is accepted exactly
 * once per token, whatever becomes of the calls that it takes.
 */
import { LRUCache } from 'lru-cache';
import { repeat } from '../rules/backoff.ts';
import { limits } from '../rules/limits.ts';
import { grownShardCount, pickOtherShard, pickShard } from '../rules/shards.ts';
import type { Cell, CellStore } from '../store/cell-store.ts';
import type {
  AddOutcome,
  CellChange,
  ChangeStore,
  SeenToken,
  Token,
  TokenOutcome,
} from '../store/change-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import type { CounterContext } from './counter-context.ts';
import type { Deployments } from './deployments.ts';
import type { Total, TotalKey, Totals } from './total.ts';
import { writeBesideRead } from './write-beside-read.ts';

/** How a change was written, and what that tells of the total. */
export type Written =
  | { readonly how: 'added'; readonly cell?: Cell }
  | { readonly how: 'deferred'; readonly before: Total | undefined }
  | { readonly how: 'seen'; readonly seen: SeenToken }
  | { readonly how: 'out_of_bounds'; readonly cell: Cell }
  | { readonly how: 'contended' }
  | { readonly how: 'token_in_use' };

/** A change, worked out before anything is written. */
export interface PlannedChange {
  readonly key: TotalKey;
  readonly cellChange: Omit<CellChange, 'key'>;
  readonly token: Token;
  /** A caller without a token, and a single window: a plain ADD does, for a quarter of the price. */
  readonly plain: boolean;
  readonly maxShards: number;
  readonly wantCount: boolean;
  /** The moment at which it was made. */
  readonly begunAt: number;
  /** Whether a call for it may have got through unanswered, so that no later one can say that nothing was written. */
  unknown: boolean;
}

export function createCountWrites({
  cells,
  changes,
  totals,
  deployments,
  region,
  now,
  random,
  pause,
}: {
  cells: CellStore;
  changes: ChangeStore;
  totals: Totals;
  deployments: Deployments;
} & Pick<CounterContext, 'region' | 'now' | 'random' | 'pause'>) {
  const patience = { attempts: limits.boundedAttempts, random, pause };
  /** Counters that met contention twice, and until when (epoch ms) they are not added to directly. */
  const hotUntilMs = new LRUCache<string, number>({ max: limits.rememberedCounters });

  /**
   * Makes one of the calls that a change may take, which all have its token. When another request
   * with this token is at it, that says nothing of the counter: it will be over in a moment.
   */
  async function call(
    planned: PlannedChange,
    send: () => Promise<AddOutcome | TokenOutcome>,
  ): Promise<Written> {
    async function sendOnce() {
      const outcome = await send().catch((error: unknown) => {
        const isUnknown = planned.unknown && error instanceof StoreUnavailableError;
        throw isUnknown ? new OutcomeUnknownError(error.message, { cause: error }) : error;
      });
      if ('unknown' in outcome) planned.unknown ||= outcome.unknown;
      return asWritten(outcome);
    }
    return repeat(sendOnce, { ...patience, isToRepeat: ({ how }) => how === 'token_in_use' });
  }

  function writeToShard(planned: PlannedChange, shard: number): Promise<Written> {
    const { key, cellChange, token, plain } = planned;
    const placed = { ...cellChange, key: { ...key, region, shard } };
    return call(planned, () => (plain ? changes.add(placed) : changes.addWithToken(placed, token)));
  }

  /** A bound, and what resets took away, are kept in one cell: there is no other, so wait for a turn. */
  const writeInTurn = (planned: PlannedChange): Promise<Written> =>
    repeat(() => writeToShard(planned, 0), {
      ...patience,
      isToRepeat: ({ how }) => how === 'contended',
    });

  async function writeImmediate(planned: PlannedChange): Promise<Written> {
    const name = JSON.stringify(planned.key);
    if ((hotUntilMs.get(name) ?? 0) > now()) return defer(planned);
    const firstShard = pickShard(totals.shardCount(planned.key), random());
    const first = await writeToShard(planned, firstShard);
    if (first.how !== 'contended') return first;
    const otherShard = pickOtherShard(totals.shardCount(planned.key), firstShard, random());
    const second = await writeToShard(planned, otherShard);
    if (second.how !== 'contended') return second;
    hotUntilMs.set(name, now() + limits.hotForMs);
    const [written] = await Promise.all([defer(planned), grow(planned)]);
    return written;
  }

  async function grow({ key, cellChange, maxShards }: PlannedChange): Promise<void> {
    const from = totals.shardCount(key);
    const to = grownShardCount(from, maxShards);
    if (to === from) return;
    const shardCount = await cells.growShards(
      { ...key, region, shard: 0 },
      { from, to, expiresAt: cellChange.expiresAt },
    );
    totals.learnShardCount(key, shardCount);
  }

  async function defer(planned: PlannedChange): Promise<Written> {
    const { key, token, wantCount } = planned;
    async function send(): Promise<TokenOutcome> {
      await deployments.note();
      return changes.defer(token);
    }
    const [written, before] = await writeBesideRead(
      call(planned, send),
      wantCount ? totals.read(key, { consistent: false }) : Promise.resolve(undefined),
    );
    return written.how === 'added' ? { how: 'deferred', before } : written;
  }

  return { writeInTurn, writeImmediate, defer };
}

function asWritten(outcome: AddOutcome | TokenOutcome): Written {
  switch (outcome.outcome) {
    case 'accepted':
      return { how: 'added' };
    case 'added':
      return { how: 'added', cell: outcome.cell };
    case 'seen':
      return { how: 'seen', seen: outcome.seen };
    case 'out_of_bounds':
      return { how: 'out_of_bounds', cell: outcome.cell };
    case 'contended':
    case 'token_in_use':
      return { how: outcome.outcome };
  }
}
