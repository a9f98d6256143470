/**
 * What one counter of several windows needs at rates that no laptop can make: partitions and batches by
 * arithmetic; cells, bytes, units and lag as the lab measures them with that many stream shards, when
 * every look into each of them finds something.
 */
import type { LabOptions } from './lab-options.ts';
import { runLab } from './run-lab.ts';

const rates = [1_000, 10_000, 100_000, 1_000_000] as const;

/** What a new on-demand table has. */
const leastPartitions = 4;
const partitionUnits = 1_000;
const polls = { aSecond: 4 };
/** More than a fold may cost, so that what follows is no better than it is. */
const assumedUnitsPerFold = 2;
/** Stream shards are replaced after four hours, and cells remember them for thirty. */
const rotationHours = 4;
const hours = 36;
const burst = { fromHour: 32, seconds: 4, changesPerPoll: 2 };

export interface ScaleRow {
  readonly 'changes/s': number;
  readonly partitions: number;
  readonly 'records a batch': number;
  readonly 'KB a batch': number;
  readonly cells: number;
  readonly 'largest cell (bytes)': number;
  readonly 'folds/s': number;
  readonly 'units a fold': number;
  readonly 'failed a fold': number;
  readonly 'busiest key (units/s)': number;
  readonly 'units a change': number;
  readonly 'lag p50 (ms)': number;
  readonly 'lag p99 (ms)': number;
  readonly exact: boolean;
}

/** Each put of a change is a unit; and each look into each stream shard is a fold in every window. */
export function partitionsFor(changesASecond: number, windows: number): number {
  const foldUnitsPerPartition = polls.aSecond * windows * assumedUnitsPerFold;
  return Math.max(
    leastPartitions,
    Math.ceil(changesASecond / (partitionUnits - foldUnitsPerPartition)),
  );
}

export async function* scaleTable(lab: LabOptions): AsyncGenerator<ScaleRow> {
  for (const rate of rates) yield await scaleRow(lab, rate);
}

async function scaleRow(lab: LabOptions, rate: number): Promise<ScaleRow> {
  const partitions = partitionsFor(rate, lab.windows.length);
  const steady = Math.max(2_000, 2 * partitions * (hours / rotationHours));
  const burstRate = partitions * polls.aSecond * burst.changesPerPoll;
  const burstSize = burstRate * burst.seconds;
  const changes = steady + burstSize;
  const measured = await runLab({
    ...lab,
    shards: partitions,
    hours,
    changes,
    burstShare: burstSize / changes,
    burstRate,
    burstSize,
    burstsFromHour: burst.fromHour,
  });
  const foldsASecond = partitions * polls.aSecond * lab.windows.length;
  const recordsABatch = Math.ceil(rate / partitions / polls.aSecond);
  return {
    'changes/s': rate,
    partitions,
    'records a batch': recordsABatch,
    'KB a batch': Math.ceil((recordsABatch * measured.token_bytes) / 1_024),
    cells: measured.cells,
    'largest cell (bytes)': measured.largest_cell_bytes,
    'folds/s': foldsASecond,
    'units a fold': measured.write_units_per_fold,
    'failed a fold': measured.failed_writes_per_fold,
    'busiest key (units/s)': measured.busiest_key_units_per_second,
    'units a change': Number(
      (1 + (foldsASecond * measured.write_units_per_fold) / rate).toFixed(3),
    ),
    'lag p50 (ms)': measured.lag_ms_median,
    'lag p99 (ms)': measured.lag_ms_p99,
    exact: measured.exact,
  };
}
