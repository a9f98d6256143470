/**
 * The fold: from changes of ledger items to changes of cells.
 *
 * A ledger item is a fact of one region, and each region keeps cells of its own facts alone:
 *
 *     delta(cell) = what the new image counts, if it is of this region
 *                 - what the old image counted, if it was of this region
 *
 * It looks at nothing but the two images, so the sum over any history telescopes: the cells of a
 * region equal what the items that now carry this region count. Global tables let the last writer
 * win per item and all replicas end with the same items, so all regions end with the same totals,
 * even when one token was accepted in two regions at once: the region that loses sees the item
 * change hands and takes its amount back.
 */

import { allWindowKey } from './windows.ts';

/** What a fact counts in one total. */
export interface Contribution {
  /** The counter's name. */
  readonly counter: string;
  readonly window: string;
  /** What of the total it counts in: a choice, or a bucket of viewers. Left out by counts. */
  readonly part?: string;
  readonly amount: number;
}

/** What one image of a ledger item says. */
export interface Fact {
  readonly subject: string;
  readonly region: string;
  /** The shown window first. */
  readonly contributions: readonly Contribution[];
  /** The write that this is the fact of has added the first contribution itself: it was of a cell. */
  readonly firstApplied: boolean;
  /** Epoch seconds; undefined for a fact that stays. */
  readonly expiresAt: number | undefined;
  /** Epoch ms by the clock of its writer; undefined for a fact that nobody asks for by its time. */
  readonly acceptedAtMs?: number | undefined;
}

/** One change of a ledger item, as the stream tells it. */
export interface LedgerChange {
  /** Position in its stream shard: a decimal number of any length. */
  readonly sequence: string;
  /** When it happened, epoch seconds. */
  readonly at: number;
  readonly before: Fact | undefined;
  readonly after: Fact | undefined;
}

/** Names the total that a fold adds to. */
export interface FoldedCell {
  readonly subject: string;
  readonly counter: string;
  readonly window: string;
}

export interface CellDelta {
  readonly cell: FoldedCell;
  readonly part?: string;
  readonly amount: number;
  /** Whether the fact counts in the window `all`, too. */
  readonly countsInAll: boolean;
}

/** What has to be added to one total, record by record, in the order of the stream. */
export interface FoldPlan {
  readonly cell: FoldedCell;
  readonly entries: readonly FoldEntry[];
}

export interface FoldEntry {
  readonly sequence: string;
  /** When it happened, epoch seconds. */
  readonly at: number;
  readonly part?: string;
  readonly amount: number;
  /**
   * Whether the fact counts in the window `all`, too: the history of its counter's shard counts is
   * there then. It goes by the fact and not by the configuration, which may change between two
   * deliveries of a record.
   */
  readonly countsInAll: boolean;
}

/** The deltas that one change of a ledger item means for the cells of `region`. */
export function deltasOf(change: LedgerChange, region: string): CellDelta[] {
  const { before, after } = change;
  if (isExpiry(change) || isSameAgain(change)) return [];
  return [
    ...(after?.region === region ? counted(after, before === undefined) : []),
    ...(before?.region === region ? counted(before, false).map(negated) : []),
  ];
}

/**
 * Groups a batch by total, so that any number of changes of one counter is one update: also what
 * moves from one part to another, so that nobody sees it in both or in neither.
 *
 * @param changes of one stream shard, in its order
 */
export function planFold(changes: readonly LedgerChange[], region: string): FoldPlan[] {
  const plans = new Map<string, { cell: FoldedCell; entries: FoldEntry[] }>();
  for (const change of changes) {
    for (const { cell, ...entry } of deltasOf(change, region)) {
      const name = `${cell.subject}#${cell.counter}#${cell.window}`;
      const plan = plans.get(name) ?? { cell, entries: [] };
      plan.entries.push({ sequence: change.sequence, at: change.at, ...entry });
      plans.set(name, plan);
    }
  }
  return [...plans.values()];
}

/** An expired item was counted and stays counted; only its memory is gone. */
function isExpiry({ before, after, at }: LedgerChange): boolean {
  return after === undefined && before?.expiresAt !== undefined && before.expiresAt <= at;
}

/** A member that says again what it said: its item has another stamp, but counts the same. */
function isSameAgain({ before, after }: LedgerChange): boolean {
  if (before?.region !== after?.region) return false;
  const [old = [], now = []] = [before?.contributions, after?.contributions];
  return (
    old.length === now.length &&
    old.every(({ counter, window, part, amount }, index) => {
      const other = now[index];
      return (
        other?.counter === counter &&
        other.window === window &&
        other.part === part &&
        other.amount === amount
      );
    })
  );
}

function counted(fact: Fact, isInsert: boolean): CellDelta[] {
  const alreadyAdded = isInsert && fact.firstApplied ? 1 : 0;
  const countsInAll = fact.contributions.some(({ window }) => window === allWindowKey);
  return fact.contributions.slice(alreadyAdded).map(({ counter, window, ...counts }) => ({
    cell: { subject: fact.subject, counter, window },
    ...counts,
    countsInAll,
  }));
}

const negated = (delta: CellDelta): CellDelta => ({ ...delta, amount: -delta.amount });
