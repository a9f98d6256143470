/** Limits of callers on a hundred containers, in virtual time: what gets through, and what it costs. */
import { describe, expect, test } from 'vitest';
import { createCallerLimits } from '../../../functions/access/caller-limits.ts';
import {
  type CallerLimit,
  callerLimits,
  callsOfKey,
} from '../../../functions/rules/caller-limits.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { createMemoryInstances } from '../../harness/limits/memory-instances.ts';

const sampled = Object.values(callerLimits);
const seeds = [1, 2, 3];

interface Load {
  readonly limit: CallerLimit;
  readonly seed: number;
  readonly instances: number;
  /** Requests, and the seconds over which they come. */
  readonly requests: number;
  readonly overSeconds: number;
  readonly callers?: number;
  readonly weight?: number;
}

function start({ seed, instances: count }: Pick<Load, 'seed' | 'instances'>) {
  const memory = createMemoryInstances({ seed, count });
  const services = memory.instances.map(({ stores, now, random }) =>
    createCallerLimits({ store: stores.allowances, region: 'local', now, random }),
  );
  return { ...memory, services };
}

/** Sends requests at random times to random containers. */
async function run(load: Load) {
  const { limit, requests, overSeconds, callers = 1, weight = 1 } = load;
  const { services, time, random, spent } = start(load);
  let letThrough = 0;
  let refused = 0;
  await time.run(
    Promise.all(
      Array.from({ length: requests }, async () => {
        await time.pause(random() * overSeconds * 1000);
        const service = services[Math.floor(random() * services.length)];
        const caller = `caller ${Math.floor(random() * callers)}`;
        const refusal = await service?.take(limit, caller, weight);
        if (refusal) refused++;
        else letThrough += weight;
      }),
    ),
  );
  const perRequest = (units: number) => units / requests;
  return {
    letThrough,
    refused,
    writeUnits: perRequest(spent.writeUnits),
    readUnits: perRequest(spent.readUnits),
    allUnits: spent.writeUnits,
  };
}

describe.each(sampled)('the limit $name', (limit) => {
  const { rate } = limit;

  test.each(seeds)(
    'holds within a factor of two on a hundred containers, seed %s',
    async (seed) => {
      const overSeconds = Math.min(60, rate.perSeconds / 4);
      const allowed = rate.burst + (rate.max * overSeconds) / rate.perSeconds;
      const attack = { limit, seed, instances: 100, requests: Math.ceil(4 * allowed), overSeconds };
      const { letThrough } = await run(attack);
      expect(letThrough).toBeGreaterThan(allowed / 2);
      expect(letThrough).toBeLessThan(allowed * 2);
    },
  );

  test.each(seeds)(
    'costs less than 0.2 write units a request far from it, seed %s',
    async (seed) => {
      // A few requests each, from many callers, on many containers: nobody sees a caller twice.
      const requests = Math.ceil(rate.burst / 5) * 50;
      const usual = { limit, seed, instances: 100, requests, overSeconds: 30, callers: 50 };
      const { writeUnits, readUnits, refused } = await run(usual);
      expect(refused).toBe(0);
      expect(writeUnits).toBeLessThan(0.2);
      expect(readUnits).toBeLessThanOrEqual(0.5);
    },
  );
});

test('a caller that keeps on far beyond a limit costs next to nothing', async () => {
  const flood = { seed: 1, instances: 20, requests: 20_000, overSeconds: 20 };
  const { allUnits } = await run({ ...flood, limit: callerLimits.addressWrites });
  expect(allUnits / 20_000).toBeLessThan(0.05);
});

test('one container alone lets through what a limit says, but for one sample', async () => {
  const limit = callerLimits.visitorWrites;
  const { services, time } = start({ seed: 5, instances: 1 });
  async function sendInTurn() {
    let letThrough = 0;
    for (let requests = 0; requests < 2 * limit.rate.burst; requests++) {
      if (!(await services[0]?.take(limit, 'caller', 1))) letThrough++;
    }
    return letThrough;
  }
  const letThrough = await time.run(sendInTurn());
  expect(Math.abs(letThrough - limit.rate.burst)).toBeLessThanOrEqual(limits.sampleOf);
});

test('heavy requests use a limit up as many light ones do', async () => {
  const limit = callerLimits.addressWrites;
  const { letThrough } = await run({
    limit,
    seed: 2,
    instances: 30,
    requests: 60,
    overSeconds: 2,
    weight: 50,
  });
  expect(letThrough).toBeGreaterThan(limit.rate.burst / 2);
  expect(letThrough).toBeLessThan(limit.rate.burst * 2);
});

test('the limit of an API key is exact on all containers together', async () => {
  const { letThrough, refused } = await run({
    limit: callsOfKey(60),
    seed: 3,
    instances: 100,
    requests: 300,
    overSeconds: 10,
  });
  // One comes back every second, the tenth at the end.
  expect([letThrough, refused]).toEqual([69, 231]);
});

test('a request that counts for more than fits at once is refused for good', async () => {
  const { services } = start({ seed: 1, instances: 1 });
  expect(await services[0]?.take(callsOfKey(10), 'key', 11)).toMatchObject({
    code: 'request_too_heavy',
  });
});
