/** Sets that come while another one looks at what the count is. */
import { expect, test } from 'vitest';
import { createMemoryTally } from '../../harness/memory-table/memory-tally.ts';

const open = { read: 'public', write: 'public' } as const;

test('a set takes nothing away that two others have taken away and put back meanwhile', async () => {
  const tally = createMemoryTally({ counters: { likes: { kind: 'count', access: open } } });
  const likes = tally.named('post/likes', 'count');
  const others = tally.start();
  const setTo = (value: number, on = others) =>
    on.counts.set(likes, { value, expected: undefined }, { token: undefined, wantCount: true });
  await tally.time.run(setTo(10));

  /** What happens before each of the reads of the slow one. */
  const meanwhile: (() => Promise<unknown>)[] = [async () => {}, () => setTo(5), () => setTo(10)];
  const slow = tally.start({
    wrap: (stores) => ({
      ...stores,
      cells: {
        ...stores.cells,
        async readCells(keys, options) {
          await meanwhile.shift()?.();
          const cells = await stores.cells.readCells(keys, options);
          if (meanwhile.length === 1) await meanwhile.shift()?.();
          return cells;
        },
      },
    }),
  });
  expect(await tally.time.run(setTo(3, slow))).toMatchObject({ ok: true, count: 3 });
  expect(await tally.time.run(others.counts.read(likes, { consistent: true }))).toMatchObject({
    count: 3,
  });
});
