import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { sketchBlockItemKey } from '../../../functions/dynamo/item-keys.ts';
import { blockCount, registersPerBlock } from '../../../functions/rules/hyperloglog.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { createTestTable } from '../../harness/engine/test-table.ts';
import { type CapacityMeter, startCapacityMeter } from '../../harness/members/capacity-meter.ts';
import { type MemberCalls, memberCalls } from '../../harness/members/member-calls.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

const adminKey = 'tally_test_0123456789abcdefghij';
const headers = { authorization: `Bearer ${adminKey}` };

let meter: CapacityMeter;
let tally: TallyUnderTest;
let calls: MemberCalls;

beforeAll(async () => {
  meter = await startCapacityMeter(inject('dynamoEndpoint'));
  tally = await createTallyUnderTest({
    counters: {
      reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
      viewers: { kind: 'presence', access: open },
      visitors: { kind: 'unique', windows: ['day', 'hour'], access: open },
      pages: { kind: 'unique', windows: ['day'], access: open },
      likes: { kind: 'count', access: open },
    },
    table: await createTestTable(),
    endpoint: meter.endpoint,
    adminKey,
    instances: 2,
  });
  calls = memberCalls(tally);
  // The deployment's secret is made once, and read once by each container.
  await calls.come('post-0/visitors', 'somebody');
  await tally.send({ method: 'GET', path: '/v1/post-0/likes/live' });
});

beforeEach(() => void meter.take());

afterAll(() => meter.stop());

/** What a call costs, in units of 1 KB written. */
async function costOf(name: string, call: () => Promise<{ status: number }>): Promise<number> {
  meter.take();
  expect((await call()).status, name).toBeLessThan(300);
  return meter.take().writeUnits;
}

const user = (method: string, path: string) => () =>
  tally.send({ method, path: `/v1/users/ann${path}`, headers });

describe('a reaction', () => {
  test('is one write unit, whatever it changes', async () => {
    const post = 'post-1/reactions';
    expect(await costOf('PUT member (choice)', () => calls.choose(post, 'ann', 'like'))).toBe(1);
    expect(await costOf('  the same choice', () => calls.choose(post, 'ann', 'like'))).toBe(1);
    expect(await costOf('  another choice', () => calls.choose(post, 'ann', 'love'))).toBe(1);
    expect(await costOf('DELETE member', () => calls.remove(post, 'ann'))).toBe(1);
    expect(await costOf('  that is not there', () => calls.remove(post, 'ann'))).toBe(1);
  });

  test("reads a member's own choice strongly, for nothing but a read", async () => {
    const get = () => calls.get('post-1/reactions', 'ann');
    expect(await costOf('GET member', get)).toBe(0);
    await get();
    expect(meter.requests).toMatchObject([
      { operation: 'GetItem', body: { ConsistentRead: true } },
    ]);
  });
});

test('a heartbeat is one write unit, and so is leaving', async () => {
  const film = 'film-1/viewers';
  expect(await costOf('PUT member (heartbeat), the first', () => calls.come(film, 'ann'))).toBe(1);
  expect(await costOf('  in the same bucket', () => calls.come(film, 'ann'))).toBe(1);
  tally.clock.advance(10_000);
  expect(await costOf('  in the next bucket', () => calls.come(film, 'ann'))).toBe(1);
  expect(await costOf('POST leave', () => calls.leave(film, 'ann'))).toBe(1);
});

test('a heartbeat is one write unit with as many sessions as there may be, and the longest names', async () => {
  const longest = 'x'.repeat(limits.nameLength);
  const film = `${longest}/viewers`;
  for (let session = 0; session < limits.sessionsOfViewer + 1; session++) {
    const beat = () => calls.come(film, longest, `${session}`.padEnd(limits.nameLength, 'x'));
    expect(await costOf(`session ${session}`, beat)).toBe(1);
  }
  expect(await costOf('leave', () => calls.leave(film, longest, { session: 'tab' }))).toBe(1);
});

describe('a visit', () => {
  test('is a write unit for each window while it raises a register, then none', async () => {
    const page = 'page-1/visitors';
    expect(await costOf('PUT member (visit), 2 windows', () => calls.come(page, 'ann'))).toBe(2);
    expect(await costOf('  known to this container', () => calls.come(page, 'ann'))).toBe(0);
    const other = memberCalls(tally.instances[1] ?? tally);
    await other.come('page-0/visitors', 'somebody');
    expect(await costOf('  known to another container', () => other.come(page, 'ann'))).toBe(2);
    expect(await costOf('  and now to this, too', () => other.come(page, 'ann'))).toBe(0);
  });

  test('is a write unit with all registers of a block in the item', async () => {
    const key = { subject: 'full', counter: 'pages', region: 'local', window: '2096-02-28' };
    const registers = Object.fromEntries(
      Array.from({ length: registersPerBlock }, (_, index) => [`r${index.toString(36)}`, 1]),
    );
    for (let block = 0; block < blockCount; block++) {
      await tally.table.client.send(
        new PutItemCommand({
          TableName: tally.table.tableName,
          Item: marshall({ ...sketchBlockItemKey(key, block), ...registers, x: 4_000_000_000 }),
        }),
      );
    }
    // Half of all visitors have a rank above 1.
    const costs: number[] = [];
    for (let visitor = 0; visitor < 80; visitor++) {
      meter.take();
      const { body } = await calls.come('full/pages', `visitor-${visitor}`);
      if ((body as { changed: boolean }).changed) costs.push(meter.take().writeUnits);
    }
    expect(costs.length).toBeGreaterThan(5);
    expect(costs).toEqual(costs.map(() => 1));
  });
});

test('a subscription is one write unit, and marking read one for each that moved', async () => {
  const likes = '/subscriptions/post-1/likes';
  expect(await costOf('PUT subscription', user('PUT', likes))).toBe(1);
  await user('PUT', '/subscriptions/post-2/likes')();
  await tally.change('post-1/likes', 3);
  expect(await costOf('GET unread', user('GET', '/unread'))).toBe(0);
  expect(await costOf('POST unread/read, 1 of 2 moved', user('POST', '/unread/read'))).toBe(1);
  expect(await costOf('  nothing moved', user('POST', '/unread/read'))).toBe(0);
  expect(await costOf('DELETE subscription', user('DELETE', likes))).toBe(1);
});

test('asking where to listen is one write unit, and none while the mark lasts', async () => {
  const find = () => tally.send({ method: 'GET', path: '/v1/post-9/reactions/live' });
  expect(await costOf('GET live', find)).toBe(1);
  expect(await costOf('  again', find)).toBe(0);
  tally.clock.advance(300_000);
  expect(await costOf('  after five minutes', find)).toBe(1);
});
