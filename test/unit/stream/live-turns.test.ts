import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { type LiveScene, runLiveScene } from '../../harness/live/watched-counter.ts';

const { publishEveryMs } = limits;
const calm: LiveScene = {
  seed: 1,
  functions: 100,
  changes: 1_000,
  withinMs: 10_000,
  failures: 0,
  deaths: 0,
  clockSkewMs: 0,
};
const scenes = fc.record({
  seed: fc.nat(),
  functions: fc.constantFrom(1, 2, 5, 100),
  changes: fc.integer({ min: 1, max: 40 }),
  withinMs: fc.constantFrom(1, 100, 300, 1_000, 5_000),
  failures: fc.constantFrom(0, 0, 0.1),
  deaths: fc.constantFrom(0, 0, 0.1),
  clockSkewMs: fc.constantFrom(0, 20, 200),
});

describe('the live messages of a counter that a hundred stream shards feed', () => {
  test('are at most four a second, and tell the last total', async () => {
    const { messages, total } = await runLiveScene(calm);
    expect(messages.length).toBeGreaterThan(30);
    expect(messages.length).toBeLessThanOrEqual(calm.withinMs / publishEveryMs + 2);
    expect(messages.at(-1)?.total).toBe(total);
    // A call or two late at most: what is a quarter of a second apart is agreed upon before it is sent.
    const gaps = messages.slice(1).map(({ atMs }, index) => atMs - (messages[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(publishEveryMs - 60);
  });

  test('begin with the first change, which waits for nothing but its own calls', async () => {
    const { messages, firstChangeAtMs } = await runLiveScene({ ...calm, changes: 1 });
    expect((messages[0]?.atMs ?? Infinity) - firstChangeAtMs).toBeLessThan(publishEveryMs / 2);
    expect(messages).toHaveLength(1);
  });
});

test('the last total is always told, whatever fails, dies and is delivered again', async () => {
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const { messages, total } = await runLiveScene(scene);
      expect(Math.max(...messages.map((message) => message.total))).toBe(total);
    }),
    { numRuns: 150 },
  );
});

describe('this is found not to hold, where', () => {
  const wrong: Record<string, NonNullable<LiveScene['mutate']>> = {
    'a lease is closed some time after the total is read': (store, pause) => {
      let lease: string | undefined;
      return {
        ...store,
        step: async (key, step) => {
          const isClosing = step.after !== undefined && step.after === lease;
          if (step.sentAtMs === undefined) lease = step.id;
          if (!isClosing) return store.step(key, step);
          void pause(60).then(() => store.step(key, step).catch(() => {}));
          return { made: true };
        },
      };
    },
    'everybody leaves it to others': (store) => ({
      ...store,
      step: async (key, step) =>
        step.sentAtMs === undefined ? { made: false, watch: undefined } : store.step(key, step),
    }),
  };
  test.each(Object.entries(wrong))('%s', async (_, mutate) => {
    const property = fc.asyncProperty(scenes, async (scene) => {
      const { messages, total } = await runLiveScene({ ...scene, mutate });
      return Math.max(...messages.map((message) => message.total)) === total;
    });
    const { failed } = await fc.check(property, { numRuns: 300, seed: 7, endOnFailure: true });
    expect(failed).toBe(true);
  });
});
