/** Random histories: what callers, DynamoDB and Lambda do to the world of `fold-model.ts`. */
import fc from 'fast-check';

/** What a caller sends with a token, which is always the same; only the day is that of its arrival. */
export interface Change {
  readonly subject: string;
  readonly counter: Counter;
  readonly amount: number;
}

export type Counter = 'likes' | 'views' | 'calls';

/** The windows of each counter on a day, the shown one first. */
export const windowsOf: Readonly<Record<Counter, (day: string) => readonly string[]>> = {
  likes: () => ['-'],
  views: (day) => ['-', day],
  calls: (day) => [day],
};

/** A number in a step chooses among what there is when the step comes. */
export type Step =
  | {
      readonly do: 'accept';
      readonly region: number;
      readonly token: number;
      readonly day: string;
      /** In a transaction with the cell of its first window, this shard of it. */
      readonly applied: boolean;
      readonly shard: number;
    }
  | {
      readonly do: 'choose';
      readonly region: number;
      readonly member: string;
      readonly choice: string;
      readonly expires: boolean;
      /** What it counts in: the configuration may change while the counter is in use. */
      readonly windows: readonly string[];
    }
  | { readonly do: 'leave'; readonly region: number; readonly member: string }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'expire'; readonly region: number; readonly item: number }
  | { readonly do: 'replicate'; readonly messages: readonly number[] }
  | { readonly do: 'cut off or reconnect'; readonly region: number }
  | { readonly do: 'split the streams' }
  | {
      readonly do: 'grow';
      readonly region: number;
      readonly counter: string;
      /** Whether the history is that of the facts that count in the window `all`. */
      readonly countsInAll: boolean;
      readonly clockSkew: number;
      /** Seconds until the request lands. */
      readonly delay: number;
    }
  | {
      readonly do: 'invoke';
      readonly region: number;
      readonly shard: number;
      /** One for each function that is at work on the shard at the same time. */
      readonly batches: readonly Batch[];
    }
  | {
      readonly do: 'call';
      readonly turns: readonly { readonly invocation: number; readonly cell: number }[];
    }
  | { readonly do: 'complete'; readonly invocation: number };

export interface Batch {
  /** How many changes are delivered once more. */
  readonly back: number;
  /** How many new ones are. */
  readonly count: number;
  /** How many seconds the clock of the function that gets it is ahead. */
  readonly clockSkew: number;
  /** Which of a region's functions gets it: each has a memory. */
  readonly instance: number;
}

export interface History {
  readonly regions: number;
  readonly clockSkews: readonly number[];
  readonly streamShards: number;
  readonly firstSequence: bigint;
  /** The change behind each token. */
  readonly changes: readonly Change[];
  readonly steps: readonly Step[];
  /** In which batches everything that is left is read at the end. */
  readonly lastBatches: readonly Batch[];
}

/** Seconds until an item expires, if it does. */
export const lifetime = 20;

const anyIndex = fc.nat({ max: 59 });
/** Counted from the newest, which are chosen the most. */
const recent = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 2 }) }, anyIndex);
const member = fc.constantFrom('member-1', 'member-2');
const clockSkew = fc.integer({ min: -3, max: 3 });
const batch = fc.record({
  back: fc.nat({ max: 4 }),
  count: fc.integer({ min: 1, max: 6 }),
  clockSkew,
  instance: fc.nat({ max: 1 }),
});

/** Around the margin of a growth, and so long that a function still remembers what was before it. */
const growthSeconds = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 30, max: 240 }) },
  { weight: 1, arbitrary: fc.integer({ min: 14 * 60, max: 18 * 60 }) },
);
const anySeconds = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: lifetime }) },
  { weight: 3, arbitrary: growthSeconds },
  // A stream shard is replaced, and in the end its marks go.
  { weight: 1, arbitrary: fc.constantFrom(3 * 3600, 5 * 3600, 22 * 3600) },
);

type Steps = fc.Arbitrary<Step>;

const accept: Steps = fc.record({
  do: fc.constant('accept'),
  region: anyIndex,
  token: anyIndex,
  day: fc.constantFrom('2026-11-20', '2026-11-21'),
  applied: fc.boolean(),
  shard: fc.nat({ max: 2 }),
});
const choose: Steps = fc.record({
  do: fc.constant('choose'),
  region: anyIndex,
  member,
  choice: fc.constantFrom('love', 'wow'),
  expires: fc.boolean(),
  windows: fc.constantFrom(['-'], ['2026-11-20'], ['-', '2026-11-20']),
});
const leave: Steps = fc.record({ do: fc.constant('leave'), region: anyIndex, member });
const waitFor = (seconds: fc.Arbitrary<number>): Steps =>
  fc.record({ do: fc.constant('wait'), seconds });
const growOneOf = (...counters: readonly string[]): Steps =>
  fc.record({
    do: fc.constant('grow'),
    region: anyIndex,
    counter: fc.constantFrom(...counters),
    countsInAll: fc.boolean(),
    clockSkew,
    delay: fc.constantFrom(0, 0, 60, 290),
  });
const expire: Steps = fc.record({ do: fc.constant('expire'), region: anyIndex, item: anyIndex });
const replicate: Steps = fc.record({
  do: fc.constant('replicate'),
  messages: fc.array(anyIndex, { minLength: 1, maxLength: 8 }),
});
const cutOff: Steps = fc.record({ do: fc.constant('cut off or reconnect'), region: anyIndex });
const split: Steps = fc.record({ do: fc.constant('split the streams') });
const invoke: Steps = fc.record({
  do: fc.constant('invoke'),
  region: anyIndex,
  shard: recent,
  batches: fc.array(batch, { minLength: 1, maxLength: 2 }),
});
const call: Steps = fc.record({
  do: fc.constant('call'),
  turns: fc.array(fc.record({ invocation: recent, cell: recent }), { minLength: 1, maxLength: 8 }),
});
const complete: Steps = fc.record({ do: fc.constant('complete'), invocation: recent });

/** @param weights how often each step happens */
const stepsOf = (...weights: readonly (readonly [weight: number, steps: Steps])[]) =>
  fc.array(fc.oneof(...weights.map(([weight, arbitrary]) => ({ weight, arbitrary }))), {
    maxLength: 60,
    size: 'max',
  });

const parts = {
  clockSkews: fc.array(clockSkew, { minLength: 3, maxLength: 3 }),
  // Soon there is a digit more.
  firstSequence: fc.constantFrom(5n, 92n, 10n ** 20n - 5n, 10n ** 39n - 12n),
  changes: fc.array(
    fc.record({
      subject: fc.constantFrom('post-1', 'post-2'),
      counter: fc.constantFrom<Counter>('likes', 'views', 'calls'),
      amount: fc.integer({ min: -5, max: 9 }).filter((amount) => amount !== 0),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  lastBatches: fc.array(batch, { minLength: 1, maxLength: 4 }),
};

/** Everything that can happen. */
const anyHistories: fc.Arbitrary<History> = fc.record({
  ...parts,
  regions: fc.integer({ min: 1, max: 3 }),
  streamShards: fc.integer({ min: 1, max: 3 }),
  steps: stepsOf(
    [7, accept],
    [4, choose],
    [1, leave],
    [2, waitFor(anySeconds)],
    [2, growOneOf('post-1#views', 'post-1#calls', 'post-1#reactions')],
    [2, expire],
    [4, replicate],
    [1, cutOff],
    [1, split],
    [4, invoke],
    [6, call],
    [3, complete],
  ),
});

/** One counter that grows and grows, while its records are delivered again and again. */
const growingHistories: fc.Arbitrary<History> = fc.record({
  ...parts,
  regions: fc.constant(1),
  streamShards: fc.constant(1),
  steps: stepsOf(
    [6, choose],
    [4, waitFor(growthSeconds)],
    [3, growOneOf('post-1#reactions')],
    [4, invoke],
    [2, call],
    [4, complete],
  ),
});

export const histories: fc.Arbitrary<History> = fc.oneof(
  { weight: 2, arbitrary: anyHistories },
  { weight: 1, arbitrary: growingHistories },
);
