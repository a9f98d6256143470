import { describe, expect, test } from 'vitest';
import { settledAfterHours } from '../../../bench/lab/lab-measures.ts';
import { type LabOptions, parseLabOptions, usualOptions } from '../../../bench/lab/lab-options.ts';
import { runLab } from '../../../bench/lab/run-lab.ts';
import { partitionsFor } from '../../../bench/lab/scale-table.ts';

const seed = Number(process.env.TALLY_SEED ?? 1);
/** Harder than it ever is: the fold may go by no clock, and most batches come again. */
const hard = { redelivered: 0.4, skewMs: 30_000 };
const short: LabOptions = { ...usualOptions, ...hard, shards: 8, changes: 500, hours: 9, seed };

describe('the fold on many stream shards', () => {
  test.each([
    { shards: 1, counters: 1 },
    { shards: 8, counters: 1 },
    { shards: 8, counters: 5 },
    { shards: 64, counters: 1 },
  ])('is exact with $shards of them and $counters counters', async (options) => {
    const result = await runLab({ ...short, ...options });
    expect(result).toMatchObject({
      differences: [],
      exact: true,
      refused_writes: 0,
      given_up_records: 0,
      last_total_sent: true,
    });
  });
});

describe('the fold of a busy table, after a day and a half,', () => {
  test.each<Partial<LabOptions> & { shards: number; cellBytes: number; unitsPerFold: number }>([
    { shards: 4, changes: 500, cellBytes: 1_024, unitsPerFold: 1.1 },
    { shards: 16, changes: 1_000, windows: ['hour', 'all'], cellBytes: 2_048, unitsPerFold: 2 },
    { shards: 100, changes: 2_000, windows: ['all'], cellBytes: 2_560, unitsPerFold: 2 },
  ])(
    'is small and cheap with $shards stream shards',
    async ({ cellBytes, unitsPerFold, ...options }) => {
      const hours = settledAfterHours + 4;
      const result = await runLab({ ...usualOptions, ...options, hours, isWatched: false, seed });
      expect(result).toMatchObject({ differences: [], exact: true, refused_writes: 0 });
      expect(result.settled_cell_bytes).toBeLessThanOrEqual(cellBytes);
      expect(result.write_units_per_fold).toBeLessThanOrEqual(unitsPerFold);
      expect(result.failed_writes_per_fold).toBeLessThan(0.1);
      expect(result.clock_ahead_ms).toBeLessThan(1_000);
    },
  );

  test('sends four live messages a second, however many functions see changes, and the last total', async () => {
    const result = await runLab({
      ...usualOptions,
      shards: 40,
      changes: 500,
      hours: 1,
      windows: ['all'],
      burstShare: 1,
      burstRate: 100,
      hasFaults: false,
      skewMs: 0,
      seed,
    });
    expect(result.messages).toBeGreaterThan(10);
    // They are 250 ms apart, but a call takes some ms more or less: a fifth may just be in a second.
    expect(result.messages_per_second).toBeLessThanOrEqual(5);
    expect(result.last_total_sent).toBe(true);
  });
});

describe('the stream lab', () => {
  test('finds a fold that counts again what comes again', async () => {
    let delivered = 0;
    const misleading = (shardId: string) =>
      `${shardId.slice(0, -8)}${String(delivered++).padStart(8, '0')}`;
    const { exact, differences } = await runLab({ ...short, changes: 100 }, misleading);
    expect(exact).toBe(false);
    expect(differences).not.toEqual([]);
  });

  test('does the same again for the same seed, and something else for another', async () => {
    const measured = async (options: Partial<LabOptions>) => {
      const {
        wall_seconds: _,
        cpu_seconds: __,
        ...result
      } = await runLab({ ...short, changes: 150, ...options });
      return result;
    };
    const first = await measured({});
    expect(await measured({})).toEqual(first);
    expect(await measured({ seed: seed + 1 })).not.toEqual({ ...first, seed: seed + 1 });
  });

  test.each([
    [['--shards', '0'], '--shards'],
    [['--shards', 'many'], '--shards'],
    [['--windows', 'all,week-end'], '--windows'],
    [['--windows', ''], '--windows'],
    [['--sharts', '4'], 'sharts'],
  ])('refuses %j', (args, message) => {
    expect(() => parseLabOptions(args)).toThrow(message);
  });

  test.each([
    { rate: 1_000, partitions: 4 },
    { rate: 100_000, partitions: 103 },
    { rate: 1_000_000, partitions: 1_025 },
  ])('takes $partitions partitions for $rate changes a second', ({ rate, partitions }) => {
    expect(partitionsFor(rate, 3)).toBe(partitions);
  });
});
