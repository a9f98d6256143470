/**
 * How many keyed changes a second one bounded count takes, whose cell takes the write units that AWS
 * gives an item: requests come at a rate, by chance, to several functions, in virtual time.
 */
import { StoreUnavailableError } from '../../functions/store/store-errors.ts';
import { anyonesToken } from '../../test/harness/counts/anyones-token.ts';
import { createMemoryTally } from '../../test/harness/memory-table/memory-tally.ts';

export interface BoundedRateOptions {
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface BoundedRate {
  readonly 'requests/s': number;
  /** By the time from the first request to the last answer. */
  readonly 'changes/s': number;
  /** Requests that were told to come back. */
  readonly busy: number;
  readonly 'units a change': number;
  readonly 'p50 (ms)': number;
  readonly 'p99 (ms)': number;
  readonly 'largest cell (bytes)': number;
  readonly exact: boolean;
}

const functions = 8;
/** What an item takes on AWS. */
const unitsASecond = 1_000;

const rates = [100, 200, 300, 400, 500];
const secondsEach = 20;

export async function* measureBoundedRates({
  seed,
}: Pick<BoundedRateOptions, 'seed'>): AsyncGenerator<BoundedRate> {
  for (const rate of rates) yield await measureBoundedRate({ rate, seconds: secondsEach, seed });
}

export async function measureBoundedRate(options: BoundedRateOptions): Promise<BoundedRate> {
  const { rate, seconds, seed } = options;
  let writeUnits = 0;
  let largestBytes = 0;
  const tally = createMemoryTally({
    counters: { stock: { kind: 'count', bounds: { min: 0 }, access: keyed } },
    unitsASecond,
    seed,
    observe(_request, { writeUnits: spent, name, bytes = 0 }) {
      writeUnits += spent;
      if (name?.pk.startsWith('c#')) largestBytes = Math.max(largestBytes, bytes);
    },
  });
  const { time, random } = tally;
  const stock = tally.named('shoe/stock', 'count');
  const running = Array.from({ length: functions }, () => tally.start());
  const timesMs: number[] = [];
  let busy = 0;

  async function change(token: string, amount: number): Promise<void> {
    const on = running[Math.floor(random() * functions)] ?? tally.start();
    const begunAtMs = time.now();
    const answer = await on.counts
      .change(stock, { amount, token: anyonesToken(token), wantCount: true })
      .catch(asUnavailable);
    if (answer.ok) timesMs.push(time.now() - begunAtMs);
    else busy++;
  }

  async function sell(requests: number): Promise<void> {
    const underWay: Promise<void>[] = [];
    for (let index = 0; index < requests; index++) {
      underWay.push(change(`buyer-${index}`, -1));
      // As independent callers come.
      await time.pause((-Math.log(1 - random()) * 1_000) / rate);
    }
    await Promise.all(underWay);
  }

  const requests = rate * seconds;
  await time.run(change('fill', requests));
  timesMs.length = 0;
  writeUnits = 0;
  const begunAtMs = time.now();
  await time.run(sell(requests));
  const spentSeconds = (time.now() - begunAtMs) / 1_000;
  await time.runOut();
  const left = await time.run(tally.start().counts.read(stock, { consistent: true }));
  const sorted = timesMs.toSorted((a, b) => a - b);
  const slowest = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
  return {
    'requests/s': rate,
    'changes/s': Math.round(timesMs.length / spentSeconds),
    busy,
    'units a change': Number((writeUnits / requests).toFixed(2)),
    'p50 (ms)': slowest(0.5),
    'p99 (ms)': slowest(0.99),
    'largest cell (bytes)': largestBytes,
    exact: left.ok && left.count === busy,
  };
}

/** Nothing was counted, because the item could not even be read. */
function asUnavailable(error: unknown): { readonly ok: false } {
  if (error instanceof StoreUnavailableError) return { ok: false };
  throw error;
}

const keyed = { read: 'key', write: 'key' } as const;
