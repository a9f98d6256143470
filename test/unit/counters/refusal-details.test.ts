/** What a refusal tells a caller to do next. */
import { describe, expect, test } from 'vitest';
import { planRange } from '../../../functions/counters/window-range.ts';
import { createMemoryTally } from '../../harness/memory-table/memory-tally.ts';

const open = { read: 'public', write: 'public' } as const;

describe('a change beyond the bounds', () => {
  test.each([
    { bounds: { min: 0 }, amount: -1, says: 'at least 0.' },
    { bounds: { max: 5 }, amount: 6, says: 'at most 5.' },
    { bounds: { min: -2, max: 5 }, amount: 6, says: 'at least -2 and at most 5.' },
  ])('is told what the count must be: $says', async ({ bounds, amount, says }) => {
    const counters = { stock: { kind: 'count', bounds, access: open } } as const;
    const tally = createMemoryTally({ counters });
    const { counts } = tally.start();
    const stock = tally.named('shoe/stock', 'count');
    const options = { token: undefined, wantCount: true };
    const change = tally.time.run(counts.change(stock, { amount, ...options }));
    expect(await change).toMatchObject({ detail: `The count is 0 and must be ${says}` });
    const set = tally.time.run(counts.set(stock, { value: amount, expected: undefined }, options));
    expect(await set).toMatchObject({ detail: `${amount} is not ${says}` });
  });
});

describe('a range', () => {
  const options = { windows: ['all', 'day', 'hour'], most: 1_000 } as const;

  test('without its ends is told both ways to name it', () => {
    expect(planRange({ window: 'hour' }, options)).toMatchObject({
      detail: 'A range takes both `from` and `to`, or `last` alone, such as `last=24h`.',
    });
  });

  test.each([
    [{ last: '1001h' }],
    [{ window: 'hour', from: '2026-01-01', to: '2026-06-30' }],
  ] as const)('that is too large is told so, and to ask for less: %j', (request) => {
    expect(planRange(request, options)).toMatchObject({
      code: 'range_too_large',
      detail: expect.stringMatching(/ is over 1000 windows\. Ask for less at once\.$/),
    });
  });
});
