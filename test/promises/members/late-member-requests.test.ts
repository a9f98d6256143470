/**
 * A request that was lost on its way may reach the database minutes later, after others that were
 * acknowledged. It takes nothing back, whatever the clocks of the containers say.
 */
import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../harness/faults/fault-proxy.ts';
import { type MemberCalls, memberCalls } from '../../harness/members/member-calls.ts';
import { createStreamedTally, type StreamedTally } from '../../harness/members/streamed-tally.ts';
import {
  createTallyUnderTest,
  open,
  type TallyOptions,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const counters: TallyOptions['counters'] = {
  reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
  viewers: { kind: 'presence', heartbeatSeconds: 10, awayAfterSeconds: 30, access: open },
};

let settled: StreamedTally;
let proxy: FaultProxy;
/** What it sends goes through the proxy; the calls of the other container do not. */
let lossy: TallyUnderTest;
let viaLossy: MemberCalls;
let calls: MemberCalls;
let posts = 0;
let post: string;
let film: string;

beforeAll(async () => {
  settled = await createStreamedTally({ counters });
  const { table } = settled;
  proxy = await startFaultProxy({ upstream: table.endpoint });
  lossy = await createTallyUnderTest({ counters, table, endpoint: proxy.endpoint });
  viaLossy = memberCalls(lossy);
  calls = memberCalls(settled);
});

beforeEach(() => {
  posts += 1;
  post = `post-${posts}/reactions`;
  film = `film-${posts}/viewers`;
  lossy.clock.moveTo(settled.clock.now());
  proxy.forget();
});

afterAll(async () => {
  await proxy.stop();
  await settled.stop();
});

/**
 * Sends a request whose first attempts at the write get lost, all of them if `times` says so.
 * @returns lets them reach the database after all
 */
async function sendLosing(
  times: number,
  send: () => Promise<unknown>,
): Promise<() => Promise<void>> {
  const fault = proxy.inject({ effect: 'drop before commit', operation: 'PutItem', times });
  await send();
  fault.remove();
  const lost = proxy.requests.filter((request) => request.fault !== undefined);
  expect(lost).toHaveLength(times);
  return async () => {
    for (const { body } of lost) {
      const late = new PutItemCommand(body as unknown as PutItemCommand['input']);
      await settled.table.client.send(late).catch((error: unknown) => {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      });
    }
  };
}

const choiceOf = async (member: string) => {
  const { body } = await calls.get(post, member);
  return (body as { choice: string | null }).choice;
};

const settledBody = async (counter: string) => {
  await settled.settle();
  return (await calls.read(counter, { consistent: 'true' })).body;
};

/** All attempts of the SDK at one call. */
const allAttempts = 3;

describe.each([
  ['in step', 0],
  ['an hour ahead', 3_600_000],
  ['an hour behind', -3_600_000],
])('by a clock that is %s', (_, skewMs) => {
  beforeEach(() => lossy.clock.advance(skewMs));

  describe.each([
    ['whose first attempt was lost', 1],
    ['all of whose attempts were lost', allAttempts],
  ])('a request %s', (__, times) => {
    test('does not undo a later choice', async () => {
      const land = await sendLosing(times, () => viaLossy.choose(post, 'ann', 'love'));
      const later = await calls.choose(post, 'ann', 'like');
      expect(later).toMatchObject({ status: 200, body: { choice: 'like' } });
      await land();
      expect(await choiceOf('ann')).toBe('like');
      expect(await settledBody(post)).toMatchObject({ count: 1, choices: { like: 1, love: 0 } });
    });

    test('does not undo the same choice, made again in between', async () => {
      await calls.choose(post, 'ann', 'like');
      const land = await sendLosing(times, () => viaLossy.choose(post, 'ann', 'love'));
      expect(await calls.choose(post, 'ann', 'like')).toMatchObject({ status: 200 });
      await land();
      expect(await choiceOf('ann')).toBe('like');
    });

    test('does not bring back what was removed later', async () => {
      const land = await sendLosing(times, () => viaLossy.choose(post, 'ann', 'love'));
      expect(await calls.remove(post, 'ann')).toMatchObject({
        status: 200,
        body: { choice: null },
      });
      await land();
      expect(await choiceOf('ann')).toBeNull();
      expect(await settledBody(post)).toMatchObject({ count: 0 });
    });

    test('does not remove what was chosen later', async () => {
      await calls.choose(post, 'ann', 'like');
      const land = await sendLosing(times, () => viaLossy.remove(post, 'ann'));
      await calls.choose(post, 'ann', 'love');
      await land();
      expect(await choiceOf('ann')).toBe('love');
      expect(await settledBody(post)).toMatchObject({ count: 1, choices: { love: 1 } });
    });

    test('does not make a viewer come back who left later', async () => {
      const land = await sendLosing(times, () => viaLossy.come(film, 'ann'));
      await calls.leave(film, 'ann');
      await land();
      expect(await settledBody(film)).toMatchObject({ count: 0 });
    });

    test('does not make a viewer leave who came back later', async () => {
      await calls.come(film, 'ann');
      const land = await sendLosing(times, () => viaLossy.leave(film, 'ann'));
      await calls.come(film, 'ann');
      await land();
      expect(await settledBody(film)).toMatchObject({ count: 1 });
    });
  });

  test('what was acknowledged is replaced by what comes later', async () => {
    for (const [on, choice] of [
      [viaLossy, 'love'],
      [calls, 'like'],
      [viaLossy, 'love'],
    ] as const) {
      expect(await on.choose(post, 'ann', choice)).toMatchObject({ status: 200, body: { choice } });
      expect(await choiceOf('ann')).toBe(choice);
    }
    await calls.remove(post, 'ann');
    expect(await choiceOf('ann')).toBeNull();
    expect(await settledBody(post)).toMatchObject({ count: 0, choices: { like: 0, love: 0 } });
  });
});

test('a choice that is still under way does not undo the next click, and says what stays', async () => {
  const gate = proxy.hold({ operation: 'PutItem', times: 1 });
  const first = viaLossy.choose(post, 'ann', 'love');
  await gate.reached();
  settled.advance(1);
  expect(await calls.choose(post, 'ann', 'like')).toMatchObject({ body: { choice: 'like' } });
  gate.open();
  expect(await first).toMatchObject({ status: 200, body: { choice: 'like', pending: true } });
  expect(await choiceOf('ann')).toBe('like');
});

test('a click that meets an earlier one under way comes after it', async () => {
  const gate = proxy.hold({ operation: 'PutItem', times: 1 });
  lossy.clock.advance(1);
  const second = viaLossy.choose(post, 'ann', 'love');
  await gate.reached();
  await calls.choose(post, 'ann', 'like');
  gate.open();
  expect(await second).toMatchObject({ status: 200, body: { choice: 'love' } });
  expect(await choiceOf('ann')).toBe('love');
});

test('a member who left is forgotten, but not before every request has landed or never will', async () => {
  await calls.choose(post, 'ann', 'like');
  await calls.remove(post, 'ann');
  const left = (await settled.items()).find(({ pk }) =>
    String(pk).startsWith(`m#${post.split('/')[0]}#`),
  );
  const lastsSeconds = Number(left?.x) - settled.clock.now() / 1000;
  expect(lastsSeconds).toBeGreaterThan(10 * 60);
  expect(lastsSeconds).toBeLessThan(24 * 3600);
});
