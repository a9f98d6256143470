/** Callers without an API key: what their address may do, over HTTP. Functions and costs: test/unit/access. */
import { beforeEach, describe, expect, test } from 'vitest';
import { itemPrefixes } from '../../../functions/dynamo/item-prefixes.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { adminKey, makeKey } from '../../harness/access/callers.ts';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const { addressReads, addressWrites } = limits.callers;
const address = '198.51.100.7';

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
      stock: { kind: 'count', access: keyed },
    },
    adminKey,
  });
});

const item = { subject: 'post-1', counter: 'likes' };
const batch = (action: 'read' | 'increment', from = address, count = 100): ApiRequest => ({
  method: 'POST',
  path: '/v1/batch',
  address: from,
  body: { items: Array.from({ length: count }, () => ({ ...item, action })) },
});
const like = (from = address): ApiRequest => ({
  method: 'POST',
  path: '/v1/post-1/likes',
  address: from,
  body: { action: 'increment' },
});
const read = (from = address): ApiRequest => ({
  method: 'GET',
  path: '/v1/post-1/likes',
  address: from,
});

/** Sends batches until one is refused. @returns how many items were let through, and the refusal */
async function useUp(action: 'read' | 'increment', from = address) {
  for (let items = 0; ; items += 100) {
    const answer = await tally.send(batch(action, from));
    if (answer.status !== 200) return { items, refusal: answer };
    if (items > 20_000) throw new Error('nothing is ever refused');
  }
}

describe('an address', () => {
  test('may change as much as its limit says, and is told when there is room again', async () => {
    const { items, refusal } = await useUp('increment');
    expect(Math.abs(items - addressWrites.burst)).toBeLessThanOrEqual(100);
    expect(refusal).toMatchObject({
      status: 429,
      headers: { 'ratelimit-policy': '"address-writes";q=120;w=60', 'cache-control': 'no-store' },
      body: { code: 'rate_limited' },
    });
    const { 'retry-after': retryAfter, ratelimit } = refusal.headers;
    expect(ratelimit).toMatch(new RegExp(`^"address-writes";r=\\d+;t=${retryAfter}$`));
    tally.clock.advance(Number(retryAfter) * 1000);
    expect(await tally.send(batch('increment'))).toMatchObject({ status: 200 });
  });

  test('may read more than that, and reads use up no changes', async () => {
    const { items, refusal } = await useUp('read');
    expect(Math.abs(items - addressReads.burst)).toBeLessThanOrEqual(200);
    expect(refusal.headers['ratelimit-policy']).toContain('"address-reads"');
    expect(await tally.send(like())).toMatchObject({ status: 200 });
  });

  test('that is used up keeps no other from calling', async () => {
    await useUp('increment');
    while ((await tally.send(like())).status === 200);
    expect(await tally.send(like('198.51.100.8'))).toMatchObject({ status: 200 });
    expect(await tally.send(like('2001:db8::1'))).toMatchObject({ status: 200 });
  });

  test('is a /64 of IPv6: another address of the same network changes nothing', async () => {
    await useUp('increment', '2001:db8:1:2::1');
    while ((await tally.send(like('2001:db8:1:2::1'))).status === 200);
    expect(await tally.send(like('2001:db8:1:2:ffff::9'))).toMatchObject({ status: 429 });
    expect(await tally.send(like('2001:db8:1:3::1'))).toMatchObject({ status: 200 });
  });

  test('that is used up can still use an API key, whose calls are no concern of it', async () => {
    await useUp('increment');
    const { headers } = await makeKey(tally, [{ actions: ['read', 'write'], subjects: ['*'] }]);
    for (let call = 0; call < 20; call++) {
      expect(await tally.send({ ...like(), headers })).toMatchObject({ status: 200 });
    }
  });

  test('gains nothing by a key that is not valid', async () => {
    await useUp('increment');
    while ((await tally.send(like())).status === 200);
    const headers = { authorization: `Bearer tally_0_${'A'.repeat(43)}` };
    expect(await tally.send({ ...like(), headers })).toMatchObject({ status: 429 });
  });

  test('changes nothing by what is refused', async () => {
    const { items } = await useUp('increment');
    for (let call = 0; call < 5; call++) await tally.send(batch('increment'));
    const { body } = await tally.read('post-1/likes');
    expect(body).toMatchObject({ count: items });
  });

  test('is not in the table, and what is counted of it does not stay', async () => {
    await useUp('increment');
    const items = (await tally.items()).filter(({ pk }) =>
      String(pk).startsWith(itemPrefixes.callerAllowance),
    );
    expect(items).toHaveLength(1);
    expect(JSON.stringify(items)).not.toContain(address);
    const latest = tally.clock.now() / 1000 + 400 + limits.allowanceGraceSeconds;
    expect(items[0]?.x).toBeLessThan(latest);
  });
});

test('the machine that Tally runs on has no limit', async () => {
  for (let call = 0; call < 20; call++) {
    expect(await tally.send(batch('increment', '127.0.0.1'))).toMatchObject({ status: 200 });
  }
  expect(await tally.send(read('::1'))).toMatchObject({ status: 200 });
  expect((await tally.items()).map(({ pk }) => String(pk))).not.toContainEqual(
    expect.stringContaining(itemPrefixes.callerAllowance),
  );
});
