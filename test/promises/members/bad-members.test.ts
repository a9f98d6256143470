import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ProblemCode, problemKinds } from '../../../functions/http/problems.ts';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;

beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: {
      reactions: { kind: 'reaction', choices: ['like', 'love'], access: open },
      votes: { kind: 'reaction', choices: ['yes', 'no'], access: keyed },
      viewers: { kind: 'presence', access: open },
      visitors: { kind: 'unique', windows: ['day'], access: open },
      likes: { kind: 'count', access: open },
      orders: { kind: 'ticket', access: open },
    },
  });
});

afterEach(async () => {
  expect(await tally.items()).toEqual([]);
  expect(tally.errors).toEqual([]);
});

async function expectRefusal(request: ApiRequest, code: ProblemCode): Promise<void> {
  const { status, title } = problemKinds[code];
  expect(await tally.send(request)).toMatchObject({
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: { status, title, code, detail: expect.stringMatching(/./) },
  });
}

const member = (method: string, counter: string, name = 'ann', body?: unknown): ApiRequest => ({
  method,
  path: `/v1/post/${counter}/members/${name}`,
  ...(body === undefined ? {} : { body }),
});

const leave = (counter: string, name = 'ann'): ApiRequest => ({
  method: 'POST',
  path: `/v1/post/${counter}/members/${name}/leave`,
});

describe('a choice', () => {
  test.each([
    'dislike',
    '',
    'Like',
    'like ',
    'yes',
    'toString',
    '__proto__',
    'like/love',
    'a'.repeat(999),
  ])('that is not configured is unknown: %j', async (choice) => {
    await expectRefusal(member('PUT', 'reactions', 'ann', { choice }), 'unknown_choice');
  });

  test('that is unknown is answered with those that are known', async () => {
    expect(await tally.send(member('PUT', 'reactions', 'ann', { choice: 'x' }))).toMatchObject({
      body: { detail: expect.stringMatching(/like.*love/) },
    });
  });

  test.each([[undefined], [null], [1], [true], [['like']], [{ choice: 'like' }]])(
    'that is %j is refused',
    async (choice) => {
      await expectRefusal(member('PUT', 'reactions', 'ann', { choice }), 'invalid_choice');
    },
  );

  test.each([
    ['', 'invalid_json'],
    ['like', 'invalid_json'],
    ['choice=like', 'invalid_json'],
    ['"like"', 'invalid_body'],
    ['null', 'invalid_body'],
    ['{"choice":"like","amount":1}', 'unknown_field'],
    [`{"choice":"${'x'.repeat(70_000)}"}`, 'body_too_large'],
  ] as const)('in a body that is wrong is refused: %.40j', async (body, code) => {
    await expectRefusal(member('PUT', 'reactions', 'ann', body), code);
  });
});

describe('a heartbeat and a visit', () => {
  test.each([
    ['{', 'invalid_json'],
    ['"here"', 'invalid_body'],
    ['{"choice":"like"}', 'unknown_field'],
  ] as const)('with the body %j are refused', async (body, code) => {
    for (const counter of ['viewers', 'visitors']) {
      await expectRefusal(member('PUT', counter, 'ann', body), code);
    }
  });
});

describe('a member', () => {
  const badNames = [
    '',
    '%5cann',
    '.ann',
    'my%20self',
    'a%2Ab',
    'a%2Fb',
    'ann%00',
    '%C3%A9',
    'x'.repeat(129),
  ];

  test.each(badNames)('cannot be named "%s"', async (name) => {
    for (const counter of ['reactions', 'viewers', 'visitors']) {
      const body = counter === 'reactions' ? { choice: 'like' } : undefined;
      await expectRefusal(member('PUT', counter, name, body), 'invalid_member');
    }
    await expectRefusal(member('GET', 'reactions', name), 'invalid_member');
    await expectRefusal(member('DELETE', 'reactions', name), 'invalid_member');
    await expectRefusal(leave('viewers', name), 'invalid_member');
  });

  test.each(['PUT', 'GET', 'DELETE'])('has to be there: %s', async (method) => {
    const path = '/v1/post/reactions/members';
    await expectRefusal({ method, path, body: { choice: 'like' } }, 'unknown_path');
  });

  test.each(['likes', 'orders'])('is nothing that %s has', async (counter) => {
    const { body } = await tally.send(member('PUT', counter));
    expect(body).toMatchObject({ detail: expect.stringContaining(counter) });
    for (const method of ['PUT', 'GET', 'DELETE']) {
      await expectRefusal(member(method, counter), 'wrong_kind');
    }
    for (const wrong of [{ choice: 'like' }, '{']) {
      await expectRefusal(member('PUT', counter, 'ann', wrong), 'wrong_kind');
    }
    await expectRefusal(leave(counter), 'wrong_kind');
  });

  test.each([
    ['GET', 'viewers'],
    ['GET', 'visitors'],
    ['DELETE', 'visitors'],
  ])('is not there for %s on %s', async (method, counter) => {
    await expectRefusal(member(method, counter), 'wrong_kind');
  });

  test.each(['reactions', 'visitors'])('does not leave %s', async (counter) => {
    await expectRefusal(leave(counter), 'wrong_kind');
  });

  test.each(['POST', 'PATCH'])('takes no %s', async (method) => {
    await expectRefusal(member(method, 'reactions'), 'method_not_allowed');
  });
});

describe('a counter of members', () => {
  test.each(['reactions', 'viewers', 'visitors'])(
    'takes no increments, resets, tickets and history: %s',
    async (counter) => {
      const path = `/v1/post/${counter}`;
      await expectRefusal({ method: 'PUT', path, body: { action: 'increment' } }, 'wrong_kind');
      await expectRefusal({ method: 'POST', path: `${path}/tickets` }, 'wrong_kind');
      const query = { window: 'day', from: '2096-02-28', to: '2096-02-28' };
      await expectRefusal({ method: 'GET', path: `${path}/history`, query }, 'wrong_kind');
    },
  );

  test.each(['reactions', 'viewers', 'orders'])(
    'is read as it is now, without a window or a range: %s',
    async (counter) => {
      const path = `/v1/post/${counter}`;
      for (const window of ['all', 'day', 'hour']) {
        await expectRefusal({ method: 'GET', path, query: { window } }, 'invalid_window');
      }
      const range = { from: '2096-02-28', to: '2096-02-28' };
      for (const query of [range, { ...range, window: 'day' }, { to: range.to }]) {
        await expectRefusal({ method: 'GET', path, query }, 'invalid_range');
      }
    },
  );

  test.each(['visitors', 'orders'])('has no live updates: %s', async (counter) => {
    await expectRefusal({ method: 'GET', path: `/v1/post/${counter}/live` }, 'wrong_kind');
  });

  test('that takes a key takes one for each of its members', async () => {
    await expectRefusal(member('PUT', 'votes', 'ann', { choice: 'yes' }), 'key_required');
    await expectRefusal(member('GET', 'votes'), 'key_required');
    await expectRefusal(member('DELETE', 'votes'), 'key_required');
  });

  test('is unknown if it is not configured, and its subject has to have a name', async () => {
    await expectRefusal(member('PUT', 'nothing'), 'unknown_counter');
    const path = '/v1/*/reactions/members/ann';
    await expectRefusal({ method: 'PUT', path, body: { choice: 'like' } }, 'invalid_subject');
  });
});
