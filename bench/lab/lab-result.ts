/** What the lab has found, as it is printed. */
import type { LabMeasures } from './lab-measures.ts';
import type { LabOptions } from './lab-options.ts';

export type LabResult = ReturnType<typeof labResult>;

export function labResult(
  lab: LabOptions,
  found: {
    measures: LabMeasures;
    streamShards: number;
    differences: readonly string[];
    lastTotal: bigint;
    wallMs: number;
    cpuMs: number;
  },
) {
  const { measures, streamShards, differences, lastTotal, wallMs, cpuMs } = found;
  const { messages } = measures;
  const perFold = (sum: number) => rounded(sum / Math.max(1, measures.folds), 3);
  return {
    exact: differences.length === 0 && measures.givenUpRecords === 0,
    differences: differences.slice(0, 5),
    shards: lab.shards,
    stream_shards_in_all: streamShards,
    counters: lab.counters,
    changes: lab.changes,
    hours: lab.hours,
    windows: lab.windows.join(','),
    write: lab.write,
    seed: lab.seed,
    ...measures.writes,
    cells: measures.cells,
    largest_cell_bytes: measures.largestCellBytes,
    settled_cell_bytes: measures.settledCellBytes,
    folds: measures.folds,
    write_units_per_fold: perFold(measures.writeUnits),
    failed_writes_per_fold: perFold(measures.failedWrites),
    clock_ahead_ms: Math.round(measures.clockAheadMs),
    folds_per_second: measures.foldsASecond,
    busiest_key_units_per_second: measures.busiestKeyUnits,
    read_units: measures.readUnits,
    read_units_per_fold: perFold(measures.readUnits),
    throttled_writes: measures.throttledWrites,
    refused_writes: measures.refusedWrites,
    invocations: measures.invocations,
    failed_batches: measures.failedBatches,
    failures: [...measures.failures],
    given_up_records: measures.givenUpRecords,
    lag_ms_median: measures.lagMs(0.5),
    lag_ms_p99: measures.lagMs(0.99),
    token_bytes: measures.tokenBytes,
    messages: messages.sent,
    messages_per_second: messages.peak,
    write_units_per_message: rounded(messages.writeUnits / Math.max(1, messages.sent), 3),
    last_total_sent: !lab.isWatched || messages.lastCount === Number(lastTotal),
    wall_seconds: rounded(wallMs / 1000, 1),
    cpu_seconds: rounded(cpuMs / 1000, 1),
  };
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
