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
import { toWatermark } from '../../../functions/rules/watermarks.ts';
import { cellName, countsOf } from './fold-model.ts';
import { type FoldRule, shippedRule } from './fold-rule.ts';

type Deltas = typeof deltasOf;

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
      deltas(change, region).map((delta) => ({ ...delta, sequence: change.sequence })),
    );
    return [...Map.groupBy(all, ({ cell }) => nameOf(cell)).values()].map((same) => ({
      cell: (same[0] as CellDelta).cell,
      entries: same.map(({ sequence, ...delta }) => {
        const part = partOf(delta);
        return { sequence, ...(part === undefined ? {} : { part }), amount: delta.amount };
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

const first = (entries: readonly FoldEntry[]) => entries[0]?.sequence ?? '0';
const last = (entries: readonly FoldEntry[]) => entries.at(-1)?.sequence ?? '0';

const keeping = (isNew: (sequence: string, watermark: string) => boolean): FoldRule => ({
  ...shippedRule,
  unfolded: (entries, watermark) =>
    entries.filter(({ sequence }) => watermark === undefined || isNew(sequence, watermark)),
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

  'has no watermark': { ...shippedRule, takesUnseen: () => true },
  'takes a batch that begins at the watermark': {
    ...shippedRule,
    takesUnseen: (watermark, entries) =>
      watermark === undefined || watermark <= toWatermark(first(entries)),
  },
  'takes a batch that ends behind the watermark': {
    ...shippedRule,
    takesUnseen: (watermark, entries) =>
      watermark === undefined || watermark < toWatermark(last(entries)),
  },
  'does not check again what it has seen': { ...shippedRule, takesSeen: () => true },
  'has one watermark for all stream shards': { ...shippedRule, watermarkName: () => 'w' },
  'leaves the watermark at the first record': {
    ...shippedRule,
    watermarkAfter: (entries) => toWatermark(first(entries)),
  },
  'compares sequence numbers as they are written': {
    ...keeping((sequence, watermark) => sequence > watermark),
    takesUnseen: (watermark, entries) => watermark === undefined || watermark < first(entries),
    watermarkAfter: last,
  },

  'drops a batch that the watermark lies in': {
    ...shippedRule,
    unfolded: (entries, watermark) =>
      watermark === undefined || watermark < toWatermark(first(entries)) ? entries : [],
  },
  'adds all of a batch that the watermark lies in': keeping(() => true),
  'adds the part that is folded, not the other': keeping(
    (sequence, watermark) => toWatermark(sequence) <= watermark,
  ),
  'adds the record at the watermark again': keeping(
    (sequence, watermark) => toWatermark(sequence) >= watermark,
  ),
};
