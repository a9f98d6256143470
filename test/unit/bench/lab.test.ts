import { describe, expect, test } from 'vitest';
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
