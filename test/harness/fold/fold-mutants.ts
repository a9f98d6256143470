/**
 * Folds that are wrong in one clause each. Those of the deltas are made from the rule written a
 * second time with every clause open; that the copy itself is right is checked as well.
 */
import {
  type CellDelta,
  deltasOf,
  type Fact,
  type FoldEntry,
  type LedgerChange,
} from '../../../functions/rules/fold.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { markName, toMark } from '../../../functions/rules/marks.ts';
import { type GrowthHistory, spread } from '../../../functions/rules/spreading.ts';
import { cellName, countsOf } from './fold-model.ts';
import { type FoldRule, firstMark, isBelow, shippedRule } from './fold-rule.ts';

type Deltas = typeof deltasOf;

const hourMs = 3_600_000;

/** The clauses of the deltas, as they should be. */
const clauses = {
  ignores: ({ before, after, at }: LedgerChange) =>
    after === undefined && before?.expiresAt !== undefined && before.expiresAt <= at,
  counts: (after: Fact, region: string) => after.region === region,
  takesBack: (before: Fact, region: string) => before.region === region,
  /** How many contributions of the new image to leave out. */
  skips: (after: Fact, isInsert: boolean): number => (isInsert && after.firstApplied ? 1 : 0),
  /** How many contributions of the old image to leave out. */
  keeps: (_before: Fact): number => 0,
};

const deltasWith =
  (mutation: Partial<typeof clauses>): Deltas =>
  (change, region) => {
    const { ignores, counts, takesBack, skips, keeps } = { ...clauses, ...mutation };
    const { before, after } = change;
    if (ignores(change)) return [];
    const added = after && counts(after, region) ? countsOf(after) : [];
    const taken = before && takesBack(before, region) ? countsOf(before) : [];
    return [
      ...added.slice(after ? skips(after, before === undefined) : 0),
      ...taken.slice(before ? keeps(before) : 0).map(negated),
    ];
  };

const negated = (delta: CellDelta): CellDelta => ({ ...delta, amount: -delta.amount });

/**
 * @param nameOf deltas of cells with the same name are one plan
 * @param partOf which part of the cell a delta is added to
 */
const planWith =
  (deltas: Deltas, nameOf = cellName, partOf = ({ part }: CellDelta) => part): FoldRule['plan'] =>
  (changes, region) => {
    const all = changes.flatMap((change) =>
      deltas(change, region).map((delta) => ({
        ...delta,
        sequence: change.sequence,
        at: change.at,
      })),
    );
    return [...Map.groupBy(all, ({ cell }) => nameOf(cell)).values()].map((same) => ({
      cell: (same[0] as CellDelta).cell,
      entries: same.map(({ sequence, at, ...delta }) => {
        const part = partOf(delta);
        const { amount, countsInAll } = delta;
        return { sequence, at, ...(part === undefined ? {} : { part }), amount, countsInAll };
      }),
    }));
  };

const withDeltas = (mutation: Partial<typeof clauses>): FoldRule => ({
  ...shippedRule,
  plan: planWith(deltasWith(mutation)),
});

const groupedBy = (nameOf: typeof cellName): FoldRule => ({
  ...shippedRule,
  plan: planWith(deltasOf, nameOf),
});

const last = (entries: readonly FoldEntry[]) => toMark(entries.at(-1)?.sequence ?? '0');

const keeping = (isNew: (mark: Uint8Array, folded: Uint8Array) => boolean): FoldRule => ({
  ...shippedRule,
  unfolded: (entries, mark) =>
    entries.filter(({ sequence }) => mark === undefined || isNew(toMark(sequence), mark)),
});

/** A sequence number in a form that does not compare as the numbers do. */
const asText = (sequence: string): Uint8Array => Buffer.from(sequence);

/** Makes growths come into force so many ms after they were written. */
const afterMargin =
  (marginMs: number) =>
  (history: GrowthHistory): GrowthHistory =>
    history.map((growth) => ({ ...growth, atMs: growth.atMs - limits.growthMarginMs + marginMs }));

const spreadBy = (seen: (history: GrowthHistory) => GrowthHistory): FoldRule => ({
  ...shippedRule,
  spread: (where, entries, historyOf) => spread(where, entries, (entry) => seen(historyOf(entry))),
});

/** No mutation: the copy as it should be. */
export const copiedRule = withDeltas({});

/** What each does wrong. */
export const mutants: Readonly<Record<string, FoldRule>> = {
  'counts items of other regions': withDeltas({ counts: () => true }),
  'takes items of other regions back': withDeltas({ takesBack: () => true }),
  'takes nothing back': withDeltas({ takesBack: () => false }),
  'adds what a transaction has added': withDeltas({ skips: () => 0 }),
  'skips the first window of every insert': withDeltas({ skips: (_, isInsert) => +isInsert }),
  'skips every window of an applied token': withDeltas({
    skips: ({ firstApplied }, isInsert) => (isInsert && firstApplied ? Infinity : 0),
  }),
  'leaves a transaction standing when another region wins its token': withDeltas({
    skips: ({ firstApplied }) => +firstApplied,
    keeps: ({ firstApplied }) => +firstApplied,
  }),
  'takes expired items back': withDeltas({ ignores: () => false }),
  'takes no deleted item back': withDeltas({ ignores: ({ after }) => after === undefined }),
  'ignores what replaces an expired item': withDeltas({
    ignores: ({ before, at }) => (before?.expiresAt ?? Infinity) <= at,
  }),

  'adds one subject to another': groupedBy(({ counter, window }) => `${counter}#${window}`),
  'adds one counter to another': groupedBy(({ subject, window }) => `${subject}#${window}`),
  'adds one part to another': {
    ...shippedRule,
    plan: planWith(deltasOf, cellName, ({ part }) => part && 'love'),
  },
  'adds one window to another': groupedBy(({ subject, counter }) => `${subject}#${counter}`),

  'has no mark': { ...shippedRule, takesUnseen: () => true },
  'takes a batch that begins at the mark': {
    ...shippedRule,
    takesUnseen: (mark, entries) => mark === undefined || !isBelow(firstMark(entries), mark),
  },
  'takes a batch that ends behind the mark': {
    ...shippedRule,
    takesUnseen: (mark, entries) => mark === undefined || isBelow(mark, last(entries)),
  },
  'does not check again what it has seen': { ...shippedRule, takesSeen: () => true },
  'has one mark for all stream shards': {
    ...shippedRule,
    markName: () => markName('shardId-00000001571780995058-40810d86'),
  },
  'leaves the mark at the first record': { ...shippedRule, markAfter: firstMark },
  'compares sequence numbers as they are written': {
    ...shippedRule,
    unfolded: (entries, mark) =>
      entries.filter(({ sequence }) => mark === undefined || isBelow(mark, asText(sequence))),
    takesUnseen: (mark, entries) =>
      mark === undefined || isBelow(mark, asText(entries[0]?.sequence ?? '0')),
    markAfter: (entries) => asText(entries.at(-1)?.sequence ?? '0'),
  },

  'drops a batch that the mark lies in': {
    ...shippedRule,
    unfolded: (entries, mark) =>
      mark === undefined || isBelow(mark, firstMark(entries)) ? entries : [],
  },
  'adds all of a batch that the mark lies in': keeping(() => true),
  'adds the part that is folded, not the other': keeping((mark, folded) => !isBelow(folded, mark)),
  'adds the record at the mark again': keeping((mark, folded) => !isBelow(mark, folded)),
  'drops a mark before its stream shard has delivered everything': {
    ...shippedRule,
    staleMarks: (names, { current, nowMs }) =>
      shippedRule.staleMarks(names, { current, nowMs: nowMs + limits.keepMarksMs - 4 * hourMs }),
  },

  'spreads by the shard count of now': spreadBy((history) =>
    history.slice(-1).map((growth) => ({ ...growth, atMs: 0 })),
  ),
  'goes by a growth as soon as it is written': spreadBy(afterMargin(0)),
  'goes by a growth after a minute': spreadBy(afterMargin(60_000)),
  'stores the newest growth alone': { ...shippedRule, grown: (_, growth) => [growth] },
  'remembers a history for an hour': { ...shippedRule, growthCacheMs: hourMs },
  'expects no growth, and does not make sure': { ...shippedRule, takesUngrown: () => true },
  'spreads by the batch and not by the record': {
    ...shippedRule,
    spread: (where, entries, historyOf) =>
      spread(
        where,
        entries.map((entry) => ({ ...entry, at: entries.at(-1)?.at ?? 0 })),
        historyOf,
      ),
  },
  'spreads a counter by the history of other facts': {
    ...shippedRule,
    spread: (where, entries, historyOf) => {
      const [entry] = entries;
      return spread(where, entries, (it) => historyOf(entry ?? it));
    },
  },
};
