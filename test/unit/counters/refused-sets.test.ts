/** An idempotency key whose set was refused because the count was another one. */
import { expect, test } from 'vitest';
import { anyonesToken } from '../../harness/counts/anyones-token.ts';
import { createMemoryTally } from '../../harness/memory-table/memory-tally.ts';

const open = { read: 'public', write: 'public' } as const;

test('is free for another set; one that was counted is not', async () => {
  const tally = createMemoryTally({ counters: { likes: { kind: 'count', access: open } } });
  const { counts } = tally.start();
  const likes = tally.named('post/likes', 'count');
  const token = anyonesToken('a');
  const setTo = (value: number, expected: number) =>
    tally.time.run(counts.set(likes, { value, expected }, { token, wantCount: true }));
  expect(await setTo(8, 5)).toMatchObject({ ok: false, code: 'count_mismatch' });
  expect(await setTo(8, 0)).toMatchObject({ ok: true, count: 8, replayed: false });
  expect(await setTo(8, 0)).toMatchObject({ ok: true, count: 8, replayed: true });
  expect(await setTo(9, 8)).toMatchObject({ ok: false, code: 'idempotency_key_reused' });
  const change = { amount: 1, token, wantCount: true };
  expect(await tally.time.run(counts.change(likes, change))).toMatchObject({
    code: 'idempotency_key_reused',
  });
});

test('tells the count only where JSON can carry it exactly', async () => {
  const tally = createMemoryTally({ counters: { likes: { kind: 'count', access: open } } });
  const { counts } = tally.start();
  const likes = tally.named('post/likes', 'count');
  const options = { token: undefined, wantCount: true };
  const set = (value: number, expected?: number) =>
    tally.time.run(counts.set(likes, { value, expected }, options));
  await set(Number.MAX_SAFE_INTEGER);
  expect(await set(0, 7)).toMatchObject({
    code: 'count_mismatch',
    count: Number.MAX_SAFE_INTEGER,
  });
  await tally.time.run(counts.change(likes, { amount: 2, ...options }));
  const refusal = await set(0, 7);
  expect(refusal).toMatchObject({
    code: 'count_mismatch',
    detail: 'The count is 9007199254740993, not 7.',
  });
  expect(refusal).not.toHaveProperty('count');
});
