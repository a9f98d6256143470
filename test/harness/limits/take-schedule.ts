/**
 * A schedule: containers with clocks that differ take from one limit and give back, while calls are
 * lost, late, doubled and throttled. Everything follows from a seed.
 */
import { createLimits } from '../../../functions/counters/limit.ts';
import type { Rate } from '../../../functions/rules/allowance.ts';
import { faultsByChance } from '../../../local/memory-table/faults.ts';
import { createMemoryInstances } from './memory-instances.ts';

const chances = {
  reply_lost: 0.04,
  arrives_late: 0.04,
  duplicated: 0.08,
  throttled: 0.03,
  never_sent: 0.02,
};

export interface Passed {
  /** True time, epoch ms, between which it was taken; costs that were given back are negative. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly cost: number;
}

export interface TakeSchedule {
  readonly rate: Rate;
  readonly skewMs: number;
  readonly passed: readonly Passed[];
  readonly refused: number;
  /** Largest room that anybody was told of. */
  readonly mostRemaining: number;
}

export async function runTakeSchedule(seed: number): Promise<TakeSchedule> {
  const isFaulty = seed % 3 !== 0;
  const skewMs = [0, 50, 2_000][seed % 5 === 0 ? 2 : seed % 2] ?? 0;
  const { instances, time, random } = createMemoryInstances({
    seed,
    count: 2 + (seed % 7),
    skewMs,
    ...(isFaulty && { chooseFault: (chance) => faultsByChance(chances, chance) }),
  });
  const below = (most: number) => Math.floor(random() * most);
  const rate = { max: 1 + below(100), perSeconds: 1 + below(60), burst: 1 + below(60) };
  const definition = { kind: 'limit', ...rate, access: { read: 'key', write: 'key' } } as const;
  const counter = { subject: 'acme', counter: 'calls', definition };
  const limits = instances.map(({ stores, now }) =>
    createLimits({ store: stores.allowances, region: 'local', now }),
  );
  /** Callers come in bursts, with time between them in which everything comes back several times. */
  const wholeMs = (rate.burst * rate.perSeconds * 1000) / rate.max;
  const momentsMs = [0, 3 * wholeMs, 10 * wholeMs];
  const spreadMs = random() < 0.5 ? 2_000 : 20_000;
  const passed: Passed[] = [];
  let refused = 0;
  let mostRemaining = 0;
  let taken = 0;

  async function request(): Promise<void> {
    await time.pause(momentsMs[below(momentsMs.length)] ?? 0);
    await time.pause(random() * spreadMs);
    const limit = limits[below(limits.length)];
    const cost = 1 + below(Math.min(5, rate.burst));
    const fromMs = time.now();
    // Only what was taken is given back, and at once: late returns are of the caller's own making.
    const isBack = taken >= cost && random() < 0.1;
    if (isBack) taken -= cost;
    if (!limit) throw new Error('no container');
    const calling = isBack ? limit.giveBack(counter, cost) : limit.take(counter, cost);
    const answer = await calling.catch(() => undefined);
    if (isBack) {
      passed.push({ fromMs, toMs: Infinity, cost: -cost });
      return;
    }
    if (!answer?.ok) return;
    mostRemaining = Math.max(mostRemaining, answer.remaining);
    if (!answer.allowed) refused++;
    else {
      taken += cost;
      passed.push({ fromMs, toMs: time.now(), cost });
    }
  }

  await time.run(Promise.all(Array.from({ length: 40 + below(200) }, request)));
  await time.runOut();
  return { rate, skewMs, passed, refused, mostRemaining };
}

/**
 * What got through for certain between two times that a take began or ended, and the most that may.
 * What was given back at any time before the end may have been taken again; twice where calls are doubled.
 */
export function* stretchesOf({ rate, skewMs, passed }: TakeSchedule) {
  const starts = passed.map(({ fromMs }) => fromMs).toSorted((a, b) => a - b);
  for (const [index, fromMs] of starts.entries()) {
    // Every stretch would take a second a schedule.
    if (index % 7 !== 0) continue;
    for (const toMs of passed.map((it) => it.toMs).filter(Number.isFinite)) {
      if (toMs < fromMs) continue;
      const within = passed.filter((it) => it.cost > 0 && it.fromMs >= fromMs && it.toMs <= toMs);
      const through = within.reduce((sum, { cost }) => sum + cost, 0);
      const back = passed.filter((it) => it.cost < 0 && it.fromMs <= toMs);
      const returned = back.reduce((sum, { cost }) => sum - 2 * cost, 0);
      const seconds = (toMs - fromMs + 2 * skewMs + 2) / 1000;
      const most = rate.burst + returned + (rate.max * seconds) / rate.perSeconds;
      yield { through, most };
    }
  }
}
