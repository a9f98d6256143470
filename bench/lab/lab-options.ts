/** What the stream lab is asked to do: `--shards 16 --counters 1 …` */
import { parseArgs } from 'node:util';
import { type WindowKind, windowKinds } from '../../functions/rules/windows.ts';

export interface LabOptions {
  /** Stream shards at the beginning: one for each partition of the table. */
  readonly shards: number;
  readonly counters: number;
  readonly changes: number;
  /** Virtual time. */
  readonly hours: number;
  readonly windows: readonly [WindowKind, ...WindowKind[]];
  /** How the counters are written. */
  readonly write: 'immediate' | 'deferred';
  readonly seed: number;
  /** What the counters may grow to. */
  readonly maxShards: number;
  /** How much of the changes comes in bursts, in [0, 1]; the rest is spread evenly. */
  readonly burstShare: number;
  /** Changes a second in a burst. */
  readonly burstRate: number;
  /** Changes of one burst. */
  readonly burstSize: number;
  /** Hours before the first burst. */
  readonly burstsFromHour: number;
  /** Seconds that a batch waits to be filled. */
  readonly batchSeconds: number;
  /** Share of the batches that are delivered again, or twice at once, although they were folded. */
  readonly redelivered: number;
  /** By how much clocks of instances are wrong at most, in ms. */
  readonly skewMs: number;
  /** Whether somebody listens to the first counter. */
  readonly isWatched: boolean;
  /** Whether calls get lost, come twice or late, and instances die. */
  readonly hasFaults: boolean;
}

/** What is looked at: the fold of a stream, what rates need, a bounded count under load, a late retry. */
export type Lane = 'stream' | 'table' | 'bounded' | 'late-retry';

export const usualOptions: LabOptions = {
  shards: 16,
  counters: 1,
  changes: 20_000,
  hours: 48,
  windows: ['all', 'day', 'hour'],
  write: 'deferred',
  seed: 1,
  maxShards: 256,
  burstShare: 0.5,
  burstRate: 1_000,
  burstSize: 1_000,
  burstsFromHour: 0,
  batchSeconds: 0,
  redelivered: 0.02,
  skewMs: 100,
  isWatched: true,
  hasFaults: true,
};

const text = { type: 'string' } as const;

/** @throws if an option is unknown, or not a number that makes sense */
export function parseLabOptions(args: readonly string[]): LabOptions & { lane: Lane } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shards: text,
      counters: text,
      changes: text,
      hours: text,
      windows: text,
      write: text,
      seed: text,
      'max-shards': text,
      'burst-share': text,
      'burst-rate': text,
      'burst-size': text,
      'bursts-from-hour': text,
      'batch-seconds': text,
      redelivered: text,
      'skew-ms': text,
      unwatched: { type: 'boolean', default: false },
      faultless: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
      bounded: { type: 'boolean', default: false },
      'late-retry': { type: 'boolean', default: false },
    },
  });
  const usual = usualOptions;
  return {
    shards: number('shards', values.shards, { usual: usual.shards, least: 1, most: 4_096 }),
    counters: number('counters', values.counters, { usual: usual.counters, least: 1 }),
    changes: number('changes', values.changes, { usual: usual.changes, least: 1 }),
    hours: number('hours', values.hours, { usual: usual.hours, most: 24 * 14 }),
    windows: parseWindows(values.windows),
    write: parseWrite(values.write),
    seed: number('seed', values.seed, { usual: usual.seed }),
    maxShards: number('max-shards', values['max-shards'], { usual: usual.maxShards, least: 1 }),
    burstShare: number('burst-share', values['burst-share'], { usual: usual.burstShare, most: 1 }),
    burstRate: number('burst-rate', values['burst-rate'], { usual: usual.burstRate, least: 1 }),
    burstSize: number('burst-size', values['burst-size'], { usual: usual.burstSize, least: 1 }),
    burstsFromHour: number('bursts-from-hour', values['bursts-from-hour'], {
      usual: usual.burstsFromHour,
    }),
    batchSeconds: number('batch-seconds', values['batch-seconds'], { usual: usual.batchSeconds }),
    redelivered: number('redelivered', values.redelivered, { usual: usual.redelivered, most: 0.9 }),
    skewMs: number('skew-ms', values['skew-ms'], { usual: usual.skewMs }),
    isWatched: !values.unwatched,
    hasFaults: !values.faultless,
    lane: laneOf(values),
  };
}

function laneOf(values: { table: boolean; bounded: boolean; 'late-retry': boolean }): Lane {
  if (values.table) return 'table';
  if (values.bounded) return 'bounded';
  return values['late-retry'] ? 'late-retry' : 'stream';
}

function number(
  name: string,
  given: string | undefined,
  { usual, least = 0, most = 10_000_000 }: { usual: number; least?: number; most?: number },
): number {
  const value = given === undefined ? usual : Number(given);
  if (!(value >= least && value <= most)) {
    throw new RangeError(`--${name} must be a number from ${least} to ${most}`);
  }
  return value;
}

function parseWrite(given: string | undefined): LabOptions['write'] {
  if (given === undefined) return usualOptions.write;
  if (given === 'immediate' || given === 'deferred') return given;
  throw new RangeError('--write must be immediate or deferred');
}

function parseWindows(given: string | undefined): LabOptions['windows'] {
  if (given === undefined) return usualOptions.windows;
  const kinds = given.split(',').map((name) => windowKinds.find((kind) => kind === name));
  const [first, ...rest] = kinds.filter((kind) => kind !== undefined);
  if (!first || rest.length + 1 < kinds.length) {
    throw new RangeError(`--windows must be some of ${windowKinds.join(',')}`);
  }
  return [first, ...rest];
}
