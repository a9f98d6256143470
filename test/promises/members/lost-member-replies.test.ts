/** Calls about members set a whole state, so they may be sent again whatever became of the first one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createTestTable } from '../../harness/engine/test-table.ts';
import { type FaultProxy, startFaultProxy } from '../../harness/faults/fault-proxy.ts';
import { type MemberCalls, memberCalls } from '../../harness/members/member-calls.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let proxy: FaultProxy;
let tally: TallyUnderTest;
let calls: MemberCalls;
let post: string;
let posts = 0;

beforeAll(async () => {
  proxy = await startFaultProxy({ upstream: inject('dynamoEndpoint') });
  tally = await createTallyUnderTest({
    counters: {
      reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
      viewers: { kind: 'presence', access: open },
      visitors: { kind: 'unique', windows: ['day'], access: open },
    },
    table: await createTestTable(),
    endpoint: proxy.endpoint,
  });
  calls = memberCalls(tally);
  await calls.come('first/visitors', 'somebody');
});

beforeEach(() => {
  post = `post-${posts++}`;
});

const injections: { remove(): void }[] = [];
afterEach(() => {
  for (const injection of injections.splice(0)) injection.remove();
});

afterAll(() => proxy.stop());

const breakWith = (fault: Parameters<FaultProxy['inject']>[0]) => {
  injections.push(proxy.inject(fault));
};

const own = async () => {
  const { body } = await calls.get(`${post}/reactions`, 'ann');
  return (body as { choice: string | null }).choice;
};

describe.each([
  'lose reply',
  'error after commit',
  'drop before commit',
  'server error before commit',
] as const)('one call to the database with the fault "%s"', (effect) => {
  test('is made up for: a choice is set, and removed', async () => {
    breakWith({ effect, operation: 'PutItem', times: 1 });
    expect(await calls.choose(`${post}/reactions`, 'ann', 'love')).toMatchObject({
      status: 200,
      body: { choice: 'love' },
    });
    expect(await own()).toBe('love');
    breakWith({ effect, operation: 'PutItem', times: 1 });
    expect(await calls.remove(`${post}/reactions`, 'ann')).toMatchObject({ status: 200 });
    expect(await own()).toBeNull();
  });

  test('is made up for: a viewer is here, and a visitor came', async () => {
    breakWith({ effect, operation: 'PutItem', times: 1 });
    expect(await calls.come(`${post}/viewers`, 'ann')).toMatchObject({ status: 200 });
    breakWith({ effect, operation: 'UpdateItem', times: 1 });
    expect(await calls.come(`${post}/visitors`, 'ann')).toMatchObject({ status: 200 });
    expect(await tally.read(`${post}/visitors`)).toMatchObject({ body: { count: 1 } });
  });
});

test('a choice whose fate is unknown is said to be, and may be sent again', async () => {
  breakWith({ effect: 'lose reply', operation: 'PutItem' });
  expect(await calls.choose(`${post}/reactions`, 'ann', 'love')).toMatchObject({
    status: 503,
    body: { code: 'outcome_unknown' },
  });
  expect(await own()).toBe('love');
  injections.pop()?.remove();
  expect(await calls.choose(`${post}/reactions`, 'ann', 'love')).toMatchObject({
    status: 200,
    body: { choice: 'love', pending: true },
  });
});

test('a choice that the database did not take is not said to be set', async () => {
  breakWith({ effect: 'throttle', operation: 'PutItem' });
  expect(await calls.choose(`${post}/reactions`, 'ann', 'love')).toMatchObject({
    status: 503,
    body: { code: 'unavailable' },
  });
  expect(await own()).toBeNull();
});

test('what is written while the totals cannot be read is not said to have changed nothing', async () => {
  breakWith({
    effect: 'server error before commit',
    operation: 'GetItem',
    where: (body) => JSON.stringify(body).includes('"c#'),
  });
  const unknown = { status: 503, body: { code: 'outcome_unknown' } };
  expect(await calls.choose(`${post}/reactions`, 'ann', 'love')).toMatchObject(unknown);
  expect(await own()).toBe('love');
  expect(await calls.remove(`${post}/reactions`, 'ann')).toMatchObject(unknown);
  expect(await own()).toBeNull();
  expect(await calls.come(`${post}/viewers`, 'ann')).toMatchObject(unknown);
});
