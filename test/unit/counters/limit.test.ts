/** Limits under everything that can happen to their calls: schedules, each from a seed. */
import { describe, expect, test } from 'vitest';
import { createLimits } from '../../../functions/counters/limit.ts';
import { createMemoryInstances } from '../../harness/limits/memory-instances.ts';
import { runTakeSchedule, stretchesOf } from '../../harness/limits/take-schedule.ts';

const seedsPerTest = 60;
const access = { read: 'key', write: 'key' } as const;

describe('a limit lets through no more than its burst and what comes back, whatever becomes of calls', () => {
  test.each([0, 1, 2, 3])('in schedules of part %i', async (part) => {
    const all = { passed: 0, refused: 0 };
    for (let seed = part * seedsPerTest + 1; seed <= (part + 1) * seedsPerTest; seed++) {
      const schedule = await runTakeSchedule(seed);
      for (const { through, most } of stretchesOf(schedule)) {
        if (through > most) expect({ seed, through }).toEqual({ seed, through: most });
      }
      expect(schedule.mostRemaining, `seed ${seed}`).toBeLessThanOrEqual(schedule.rate.burst);
      all.passed += schedule.passed.length;
      all.refused += schedule.refused;
    }
    // They have been through what makes it hard.
    expect(all.passed).toBeGreaterThan(500);
    expect(all.refused).toBeGreaterThan(500);
  });
});

test('takes of many containers at the same moment add up to the burst exactly', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { instances, time } = createMemoryInstances({ seed, count: 30 });
    const definition = { kind: 'limit', max: 1, perSeconds: 3_600, burst: 20, access } as const;
    const taken = await time.run(
      Promise.all(
        instances.flatMap(({ stores, now }) => {
          const limit = createLimits({ store: stores.allowances, region: 'local', now });
          return [1, 2].map(() => limit.take({ subject: 's', counter: 'calls', definition }, 1));
        }),
      ),
    );
    const allowed = taken.filter((answer) => answer.ok && answer.allowed);
    expect({ seed, allowed: allowed.length }).toEqual({ seed, allowed: 20 });
  }
});
