/** What registers can take, and what a late retry costs: deterministic, in virtual time. */
import { describe, expect, test } from 'vitest';
import { measureBoundedRate } from '../../../bench/lab/bounded-rate.ts';
import { measureLateCount, measureLateTicket } from '../../../bench/lab/late-retry.ts';

const seed = Number(process.env.TALLY_SEED ?? 1);

test('one bounded count takes 250 keyed changes a second, where an item takes 1,000 units', async () => {
  const measured = await measureBoundedRate({ rate: 250, seconds: 8, seed });
  expect(measured).toMatchObject({ busy: 0, exact: true });
  expect(measured['changes/s']).toBeGreaterThanOrEqual(200);
  expect(measured['units a change']).toBeLessThanOrEqual(2.3);
});

test('one that more callers want than it takes is hardly slower for it, and nobody is turned away', async () => {
  const measured = await measureBoundedRate({ rate: 800, seconds: 2, seed: 1 });
  expect(measured).toMatchObject({ busy: 0, exact: true });
  expect(measured['changes/s']).toBeGreaterThanOrEqual(450);
  expect(measured['largest cell (bytes)']).toBeLessThan(6_000);
});

describe('a retry 23 hours late, on a register with hundreds of pages', () => {
  test.each([
    ['of a change by as much as fits', measureLateCount],
    ['of a ticket', measureLateTicket],
  ])('%s gets its own answer in three calls', async (_, measure) => {
    const { calls, pages, ...measured } = await measure({ changes: 3_000, seed });
    expect(measured).toMatchObject({ 'own answer': true, exact: true });
    expect(pages).toBeGreaterThan(100);
    expect(calls.length).toBeLessThanOrEqual(3);
  });
});
