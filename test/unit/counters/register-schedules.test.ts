/** Registers under everything that can happen to their calls: thousands of schedules, each from a seed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mutants, searchFrom } from '../../harness/registers/register-mutants.ts';
import { runSchedule } from '../../harness/registers/register-schedule.ts';

const seedsPerTest = 200;

// Most of the errors are answers that are expected, and nobody looks at their stacks.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe('a register counts every token once and refuses for good', () => {
  test.each([0, 1, 2, 3, 4])('in schedules of part %i', async (part) => {
    const all = { turns: 0, moves: 0, foundOnPages: 0, barred: 0 };
    for (let seed = part * seedsPerTest + 1; seed <= (part + 1) * seedsPerTest; seed++) {
      const { problems, ...figures } = await runSchedule(seed);
      expect({ seed, problems }).toEqual({ seed, problems: [] });
      for (const name of Object.keys(all) as (keyof typeof all)[]) all[name] += figures[name];
    }
    // They have been through what makes it hard.
    for (const times of Object.values(all)) expect(times).toBeGreaterThan(50);
  });
});

describe('the schedules find a register that', () => {
  test.each(Object.entries(mutants))('%s', async (name, mutant) => {
    const from = searchFrom[name] ?? 1;
    const problems: string[] = [];
    for (let seed = from; problems.length === 0 && seed < from + seedsPerTest; seed++) {
      problems.push(...(await runSchedule(seed, mutant)).problems);
    }
    expect(problems).not.toEqual([]);
  });
});
