import { expect, test } from 'vitest';
import type { CounterShape } from '../../../functions/rules/counter-changes.ts';
import { recordUnder } from '../../../functions/rules/deployments.ts';
import { newTokenLife } from '../../../functions/rules/tokens.ts';

const config = (
  bounded: Readonly<Record<string, boolean>>,
  tokenHours = 24,
  shapes: Readonly<Record<string, CounterShape>> = {},
) => ({
  tokenHours,
  bounded: new Map(Object.entries(bounded)),
  shapes: new Map(Object.entries(shapes)),
});
const sinceMs = (...configs: ReturnType<typeof config>[]) => {
  let record: ReturnType<typeof recordUnder> | undefined;
  for (const [index, each] of configs.entries()) record = recordUnder(record, each, 100 + index);
  return Object.fromEntries(record?.boundedSinceMs ?? []);
};

test('a new table has nothing pending, and has kept its tokens', () => {
  expect(recordUnder(undefined, config({ stock: true, likes: false }), 100)).toEqual({
    tokenLife: newTokenLife(24),
    boundedSinceMs: new Map<string, number | null>([
      ['stock', 0],
      ['likes', null],
    ]),
    shapes: new Map(),
  });
});

test('the same configuration is the very same record', () => {
  const record = recordUnder(undefined, config({ stock: true, likes: false }), 100);
  expect(recordUnder(record, config({ likes: false, stock: true }), 200)).toBe(record);
  expect(recordUnder(record, config({ stock: true }), 200)).toBe(record);
  expect(recordUnder(record, config({ stock: true }, 25), 200)).not.toBe(record);
});

test('a count has bounds since it was first deployed with them', () => {
  const [free, bounded] = [config({ stock: false }), config({ stock: true })];
  expect(sinceMs(free, bounded)).toEqual({ stock: 101 });
  expect(sinceMs(free, bounded, bounded)).toEqual({ stock: 101 });
  expect(sinceMs(bounded, free, bounded)).toEqual({ stock: 102 });
  expect(sinceMs(free, config({}), bounded)).toEqual({ stock: 102 });
  expect(sinceMs(config({}), bounded)).toEqual({ stock: 0 });
});

test('every counter is recorded as it was last defined, also after it has left', () => {
  const views = { kind: 'count', windows: ['all', 'day'] };
  const likes = { kind: 'reaction', choices: ['like'] };
  const first = recordUnder(undefined, config({}, 24, { views, likes }), 100);
  expect(recordUnder(first, config({}, 24, { likes: { ...likes }, views }), 200)).toBe(first);
  const second = recordUnder(
    first,
    config({}, 24, { views: { kind: 'count', windows: ['day'] } }),
    300,
  );
  expect(Object.fromEntries(second.shapes)).toEqual({
    views: { kind: 'count', windows: ['day'] },
    likes,
  });
});
