/** Clients that send a request again by themselves go by `Retry-After`. */
import { expect, test } from 'vitest';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import { createMemoryTally } from '../../harness/http/memory-tally.ts';

const adminKey = 'tally_admin_0123456789abcdefghij';
const headers = { authorization: `Bearer ${adminKey}` };
const access = { read: 'public', write: 'public' } as const;

/** A Tally whose writes may or may not have happened: their replies are lost. */
const losingReplies = () =>
  createMemoryTally(
    {
      likes: { kind: 'count', access },
      orders: { kind: 'ticket', access },
      poll: { kind: 'reaction', choices: ['yes', 'no'], access },
      viewers: { kind: 'presence', access },
    },
    adminKey,
    ({ operation }) => (/^(?:Put|Update|Delete)/.test(operation) ? 'reply_lost' : undefined),
  );

const increment = { action: 'increment' };
const key = { 'idempotency-key': 'one' };
const scopes = [{ actions: ['read'], subjects: ['post'] }];

test.each<[what: string, request: ApiRequest]>([
  ['a change', { method: 'POST', path: '/v1/post/likes', headers, body: increment }],
  ['a PUT of a change', { method: 'PUT', path: '/v1/post/likes', headers, body: increment }],
  ['an API key', { method: 'POST', path: '/v1/keys', headers, body: { scopes } }],
])(
  'without an idempotency key, %s that may have been made is not to be sent again',
  async (_, request) => {
    const answer = await losingReplies().send(request);
    expect(answer).toMatchObject({ status: 503, body: { code: 'outcome_unknown' } });
    expect(answer.headers).not.toHaveProperty('retry-after');
  },
);

test.each<[what: string, request: ApiRequest]>([
  [
    'a change with a key',
    { method: 'POST', path: '/v1/post/likes', headers: key, body: increment },
  ],
  ['a ticket with a key', { method: 'POST', path: '/v1/post/orders/tickets', headers: key }],
  ['a choice', { method: 'PUT', path: '/v1/post/poll/members/ada', body: { choice: 'yes' } }],
  ['a heartbeat', { method: 'PUT', path: '/v1/post/viewers/members/ada' }],
  ['settings', { method: 'PUT', path: '/v1/post/settings', headers, body: { time_zone: 'UTC' } }],
])('what counts once says when to send it again: %s', async (_, request) => {
  const answer = await losingReplies().send(request);
  expect(answer).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { code: 'outcome_unknown' },
  });
});

test('each item of a batch says for itself whether to send it again, and when', async () => {
  const item = { subject: 'post', counter: 'likes', ...increment };
  const items = [item, { ...item, idempotency_key: 'one' }];
  const request = { method: 'POST', path: '/v1/batch', body: { items } };
  const { body } = await losingReplies().send(request);
  const { results } = body as { results: object[] };
  expect(results).toMatchObject([
    { code: 'outcome_unknown' },
    { code: 'outcome_unknown', retry_after_seconds: 1 },
  ]);
  expect(results[0]).not.toHaveProperty('retry_after_seconds');
});
