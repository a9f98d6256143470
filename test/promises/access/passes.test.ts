import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { signPass, verifyPass } from '../../../functions/access/passes.ts';
import type { CounterInput } from '../../../functions/counters/define-counters.ts';
import { limits } from '../../../functions/rules/limits.ts';
import {
  admin,
  adminKey,
  askForPass,
  bearer,
  get,
  type Headers,
  increment,
  makeKey,
  makePass,
} from '../../harness/access/callers.ts';
import { fixedSecrets } from '../../harness/access/fixed-secrets.ts';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import {
  createTallyUnderTest,
  keyed,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const poll: CounterInput = { kind: 'reaction', choices: ['yes', 'no'], access: keyed };
let tally: TallyUnderTest;
let server: Headers;
beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: {
      poll,
      viewers: { kind: 'presence', access: keyed },
      likes: { kind: 'count', access: keyed },
    },
    adminKey,
  });
  const scope = { actions: ['read', 'write'], subjects: ['page-1', 'page-1:*'] } as const;
  server = (await makeKey(tally, [scope])).headers;
});

const vote = (subject: string, member: string, headers: Headers): ApiRequest => ({
  method: 'PUT',
  path: `/v1/${subject}/poll/members/${member}`,
  headers,
  body: { choice: 'yes' },
});
const ada = { member: 'ada', actions: ['write'], subject: 'page-1', counters: ['poll'] } as const;
/** Whether nothing but the member is wrong. */
const isOfAnother = ({ method, path }: ApiRequest) =>
  method !== 'GET' && path.startsWith('/v1/page-1/poll/members/bob');
const itemsOf = async (subject: string) =>
  (await tally.items()).filter(({ pk }) => String(pk).startsWith(`m#${subject}#`));

describe('a pass', () => {
  test('lets one visitor vote, without a key and without a look-up', async () => {
    const answer = await askForPass(tally, server, ada);
    expect(answer).toMatchObject({
      status: 201,
      headers: { 'cache-control': 'no-store' },
      body: { expires_at: '2096-02-29T00:00:00.000Z' },
    });
    const { pass } = answer.body as { pass: string };
    expect(await tally.send(vote('page-1', 'ada', bearer(pass)))).toMatchObject({ status: 204 });
    expect(await itemsOf('page-1')).toMatchObject([{ c: 'yes' }]);
    expect(JSON.stringify(await tally.items())).not.toContain(pass);
  });

  test('comes in the query from a page that leaves, which can send no headers', async () => {
    const pass = await makePass(tally, server, { ...ada, counters: ['viewers'] });
    const [, credential = ''] = pass.authorization?.split(' ') ?? [];
    const leave = { method: 'POST', path: '/v1/page-1/viewers/members/ada/leave' };
    const answer = await tally.send({ ...leave, query: { access_token: credential } });
    expect(answer).toMatchObject({ status: 204 });
    expect(await tally.send(leave)).toMatchObject({ status: 401 });
  });

  test('as long as any may be, works', async () => {
    const name = 'x'.repeat(limits.nameLength);
    const scope = { actions: ['read', 'write'], subjects: ['x*'] } as const;
    const counters = Array.from({ length: limits.namesOfScope - 1 }, (_, index) =>
      `c${index}`.padEnd(limits.counterNameLength, 'c'),
    );
    const defined = Object.fromEntries(counters.map((counter) => [counter, poll]));
    const largest = await createTallyUnderTest({ counters: { ...defined, poll }, adminKey });
    const { headers } = await makeKey(largest, [scope], limits.callsPerMinuteMax);
    const pass = await makePass(largest, headers, {
      member: name,
      actions: ['read', 'write'],
      subject: name,
      counters: [...counters, 'poll'],
    });
    expect(await largest.send(vote(name, name, pass))).toMatchObject({ status: 200 });
    expect(JSON.stringify(pass).length).toBeLessThan(5_000);
  });

  test('is refused once it has expired', async () => {
    const pass = await makePass(tally, server, { ...ada, expires_in_seconds: 60 });
    tally.clock.advance(59_000);
    expect(await tally.send(vote('page-1', 'ada', pass))).toMatchObject({ status: 204 });
    tally.clock.advance(1_000);
    expect(await tally.send(vote('page-1', 'ada', pass))).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: { code: 'pass_expired' },
    });
  });

  test.each<[what: string, request: (pass: Headers) => ApiRequest]>([
    ['vote as another', (pass) => vote('page-1', 'bob', pass)],
    ['vote on another subject', (pass) => vote('page-2', 'ada', pass)],
    ['vote on a subject that begins like it', (pass) => vote('page-12', 'ada', pass)],
    ['read what another said', (pass) => get('/v1/page-1/poll/members/bob', pass)],
    ['read without that right', (pass) => get('/v1/page-1/poll', pass)],
    ['change another counter', (pass) => increment('/v1/page-1/likes', pass)],
    [
      'take back what another said',
      (pass) => ({ method: 'DELETE', path: '/v1/page-1/poll/members/bob', headers: pass }),
    ],
    ['reset', (pass) => ({ method: 'POST', path: '/v1/page-1/likes/reset', headers: pass })],
    ['read the settings', (pass) => get('/v1/page-1/settings', pass)],
    ['list keys', (pass) => get('/v1/keys', pass)],
    [
      'make another pass',
      (pass) => ({ method: 'POST', path: '/v1/passes', headers: pass, body: ada }),
    ],
    ['read what another user has not read', (pass) => get('/v1/users/bob/unread', pass)],
  ])('does not let its visitor %s', async (_, request) => {
    const before = await tally.items();
    const pass = await makePass(tally, server, ada);
    const code = isOfAnother(request(pass)) ? 'other_member' : 'forbidden';
    expect(await tally.send(request(pass))).toMatchObject({ status: 403, body: { code } });
    expect(await tally.items()).toEqual(before);
  });

  test('lets its visitor read what is unread for it, and no more than it may read', async () => {
    const subscribe = (user: string, counter: string, headers: Headers) =>
      tally.send({
        method: 'PUT',
        path: `/v1/users/${user}/subscriptions/page-1/${counter}`,
        headers,
      });
    for (const counter of ['poll', 'likes']) await subscribe('eve', counter, server);
    const reader = { member: 'eve', actions: ['read'], subject: 'page-1' } as const;
    const all = await makePass(tally, server, reader);
    const some = await makePass(tally, server, { ...reader, counters: ['likes'] });
    const rows = async (headers: Headers) => {
      const { status, body } = await tally.send(get('/v1/users/eve/unread', headers));
      expect(status).toBe(200);
      return (body as { subscriptions: { counter: string }[] }).subscriptions.map(
        ({ counter }) => counter,
      );
    };
    expect((await rows(all)).toSorted()).toEqual(['likes', 'poll']);
    expect(await rows(some)).toEqual(['likes']);
    expect(await subscribe('bob', 'likes', all)).toMatchObject({ status: 403 });
  });
});

describe('a server', () => {
  test.each([
    ['another subject', { ...ada, subject: 'page-2' }],
    ['all subjects', { ...ada, subject: '*' }],
    ['a wider pattern', { ...ada, subject: 'page-1*' }],
  ])('can hand on no right that it does not have: %s', async (_, body) => {
    expect(await askForPass(tally, server, body)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });

  test('can hand on no action that it may not do itself', async () => {
    const reader = await makeKey(tally, [{ actions: ['read'], subjects: ['page-1'] }]);
    expect(await askForPass(tally, reader.headers, ada)).toMatchObject({ status: 403 });
    const body = { ...ada, actions: ['read'] };
    expect(await askForPass(tally, reader.headers, body)).toMatchObject({ status: 201 });
  });

  test('that may use some counters can hand on no others', async () => {
    const scope = { actions: ['write'], subjects: ['*'], counters: ['poll'] } as const;
    const { headers } = await makeKey(tally, [scope]);
    const { counters: _, ...unlimited } = ada;
    expect(await askForPass(tally, headers, unlimited)).toMatchObject({ status: 403 });
    const others = { ...ada, counters: ['poll', 'likes'] };
    expect(await askForPass(tally, headers, others)).toMatchObject({ status: 403 });
    expect(await askForPass(tally, headers, ada)).toMatchObject({ status: 201 });
  });

  test.each([
    ['the right to rule', { ...ada, actions: ['admin'] }, 'invalid_pass'],
    ['no right', { ...ada, actions: [] }, 'invalid_pass'],
    ['the same right ever again', { ...ada, actions: Array(1000).fill('read') }, 'invalid_pass'],
    ['the same right twice', { ...ada, actions: ['read', 'read'] }, 'invalid_pass'],
    ['no counters', { ...ada, counters: [] }, 'invalid_pass'],
    ['a subject that there cannot be', { ...ada, subject: 'users' }, 'invalid_subject'],
    ['a counter that is not a name', { ...ada, counters: ['x'.repeat(60_000)] }, 'invalid_pass'],
    ['no time', { ...ada, expires_in_seconds: 0 }, 'invalid_pass'],
    ['more than a day', { ...ada, expires_in_seconds: 86_401 }, 'invalid_pass'],
    ['a member that is not a name', { ...ada, member: 'a/b' }, 'invalid_member'],
    ['a subject that is not a name', { ...ada, subject: 'a/b' }, 'invalid_subject'],
    ['a misspelt field', { ...ada, expires: 60 }, 'unknown_field'],
  ])('gets no pass with %s', async (_, body, code) => {
    expect(await askForPass(tally, admin, body)).toMatchObject({ status: 400, body: { code } });
  });
});

describe('a forged pass', () => {
  const secret = Buffer.alloc(32, 7);
  const secrets = fixedSecrets(secret);
  const nowMs = Date.parse('2096-02-29T00:00:00Z');
  const scope = { actions: ['write'], subjects: ['page-1'], counters: ['poll'] } as const;
  const expiresAt = nowMs / 1000 + 60;
  const isForged = { outcome: 'forged' };
  const genuine = signPass({ of: 'member', member: 'ada', scope, expiresAt }, secrets);

  test('is refused, whatever is changed in it', () => {
    expect(verifyPass(genuine, secrets, nowMs)).toMatchObject({
      outcome: 'valid',
      pass: { member: 'ada' },
    });
    fc.assert(
      fc.property(
        fc.nat(genuine.length - 1),
        fc.stringMatching(/^[A-Za-z0-9_.=-]{0,3}$/),
        fc.nat(3),
        (at, put, cut) => {
          const forged = genuine.slice(0, at) + put + genuine.slice(at + cut);
          if (forged === genuine) return;
          expect(verifyPass(forged, secrets, nowMs)).toEqual({ outcome: 'forged' });
        },
      ),
      { numRuns: 3_000, examples: [[genuine.length - 1, 'x', 1]] },
    );
  });

  test('of another secret, or of none, is refused', () => {
    expect(verifyPass(genuine, fixedSecrets(Buffer.alloc(32)), nowMs)).toEqual(isForged);
    const [, payload = ''] = genuine.slice('pass_'.length).split('.');
    const unsigned = Buffer.alloc(32).toString('base64url');
    const forgeries = [
      payload,
      `pass_${payload}`,
      `pass_${payload}.`,
      `pass_.${unsigned}`,
      `pass_1.${payload}`,
      `pass_1.${payload}.`,
      `pass_1..${unsigned}`,
      `pass_1.${payload}.${unsigned}`,
      `pass_.${payload}.${unsigned}`,
    ];
    for (const forged of forgeries) {
      expect(verifyPass(forged, secrets, nowMs), forged).toEqual(isForged);
    }
  });

  test('cannot be made from anything else that the secret signs, such as the name of a channel', () => {
    const [, payload = ''] = genuine.slice('pass_'.length).split('.');
    for (const text of [payload, `1.${payload}`, `#1.${payload}`, `channel#1.${payload}`]) {
      const mac = createHmac('sha256', secret).update(text).digest('base64url');
      expect(verifyPass(`pass_1.${payload}.${mac}`, secrets, nowMs), text).toEqual(isForged);
    }
  });

  test('is refused by every route', async () => {
    const forged = signPass(
      { of: 'member', member: 'ada', scope, expiresAt },
      fixedSecrets(Buffer.alloc(32)),
    );
    for (const headers of [bearer(forged), bearer('pass_'), bearer('pass_x.y'), bearer('pass_.')]) {
      expect(await tally.send(vote('page-1', 'ada', headers))).toMatchObject({
        status: 401,
        body: { code: 'invalid_key' },
      });
    }
    expect(await itemsOf('page-2')).toEqual([]);
  });
});
