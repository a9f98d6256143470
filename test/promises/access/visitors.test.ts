/** People without an account: each gets one pass, and one vote. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import {
  admin,
  adminKey,
  bearer,
  becomeVisitor,
  get,
  type Headers,
  makePass,
  nobody,
  type Question,
  solve,
} from '../../harness/access/callers.ts';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import {
  type Answer,
  createTallyUnderTest,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const forVisitors = { read: 'public', write: 'visitor' } as const;
const monthMs = limits.renewPassSeconds * 1000;
const dayMs = 86_400_000;

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      poll: { kind: 'reaction', choices: ['yes', 'no'], access: forVisitors },
      viewers: { kind: 'presence', access: forVisitors },
      uniques: { kind: 'unique', windows: ['all'], access: forVisitors },
      likes: { kind: 'count', access: forVisitors },
      open: { kind: 'reaction', choices: ['yes'], access: { read: 'public', write: 'public' } },
      keyed: { kind: 'reaction', choices: ['yes'], access: { read: 'public', write: 'key' } },
      stock: { kind: 'count', access: { read: 'key', write: 'key' } },
    },
    settings: {
      readCacheSeconds: 0,
      visitors: { challenge: { type: 'proof-of-work', bits: 6 } },
    },
    instances: 2,
    adminKey,
  });
});

const ask = (body: unknown = {}, headers: Headers = nobody, address = '192.0.2.1') =>
  tally.send({ method: 'POST', path: '/v1/visitors', body, headers, address });
const questionIn = ({ body }: Answer) => (body as { challenge: Question }).challenge;
const codeOf = ({ status, body }: Answer) =>
  status < 300 ? status : [status, (body as { code: string }).code];

const member = (
  method: string,
  path: string,
  headers: Headers = nobody,
  body?: unknown,
): ApiRequest => ({
  method,
  path: `/v1/post-42/${path}`,
  headers,
  ...(body !== undefined && { body }),
});
const vote = (who: string, headers: Headers, counter = 'poll') =>
  tally.send(member('PUT', `${counter}/members/${who}`, headers, { choice: 'yes' }));
const votes = async () =>
  (await tally.items()).filter(({ pk }) => String(pk).startsWith('m#post-42#')).length;

describe('a newcomer', () => {
  test('may use the code that the README shows', async () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const [, code = ''] = /```js\n(async function becomeVisitor[\s\S]*?)```/.exec(readme) ?? [];
    const module = `${code}\nexport { becomeVisitor };`;
    const { becomeVisitor: fromReadme } = (await import(
      /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(module)}`
    )) as {
      becomeVisitor: (url: string, old?: string) => Promise<{ pass: string; visitor: string }>;
    };
    vi.stubGlobal('fetch', async (url: string, { method, headers, body }: RequestInit) => {
      const { body: answer } = await tally.send({
        method: String(method),
        path: new URL(url).pathname,
        headers: headers as Headers,
        body: body as string,
      });
      return { json: async () => answer };
    });
    try {
      const { pass, visitor } = await fromReadme('http://tally.test');
      expect(codeOf(await vote('me', bearer(pass)))).toBe(200);
      expect(await fromReadme('http://tally.test', pass)).toMatchObject({ visitor });
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('is asked to solve a challenge, and told all that it takes', async () => {
    expect(await ask()).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' },
      body: {
        code: 'challenge_required',
        challenge: {
          type: 'proof-of-work',
          seed: expect.stringMatching(/^1\.[\w-]+\.[\w-]{43}$/),
          bits: 6,
          expires_at: '2096-02-28T23:10:00.000Z',
        },
      },
    });
  });

  test('gets a pass of a day for its solution, and nothing is stored', async () => {
    const solution = solve(questionIn(await ask()));
    const before = await tally.items();
    const answer = await ask({ solution });
    expect(answer).toMatchObject({
      status: 201,
      headers: { 'cache-control': 'no-store' },
      body: {
        pass: expect.stringMatching(/^pass_1\./),
        visitor: expect.stringMatching(/^v-[\w-]{22}$/),
        expires_at: '2096-02-29T23:00:00.000Z',
      },
    });
    expect(await tally.items()).toEqual(before);
  });

  test('may send its solution again when the answer was lost, and is the same visitor', async () => {
    const solution = solve(questionIn(await ask()));
    const [first, again] = [await ask({ solution }), await ask({ solution })];
    expect(again).toEqual(first);
  });

  test('gets no second visitor out of one seed, however often it solves that', async () => {
    const question = questionIn(await ask());
    const visitors = new Set<unknown>();
    for (const ending of ['a', 'b', 'c', 'd']) {
      const solution = solve({ ...question, seed: `${question.seed}:${ending}` });
      const { body } = await ask({ solution });
      visitors.add((body as { visitor: string }).visitor);
    }
    expect([...visitors]).toEqual([expect.stringMatching(/^v-/)]);
  });

  test.each<[what: string, bend: (question: Question) => string]>([
    ['less work than asked for', ({ seed }) => notSolving(seed, 6)],
    ['the seed alone', ({ seed }) => seed],
    ['nothing', () => ''],
    [
      'a made-up seed',
      () => solve({ seed: `1.${base64url({ x: 4e9, b: 0 })}.${'x'.repeat(43)}`, bits: 0 }),
    ],
    ['a seed with other bits in it', ({ seed }) => solve({ seed: withBits(seed, 0), bits: 0 })],
    ['a cut seed', ({ seed, bits }) => solve({ seed: seed.slice(0, -1), bits })],
    ['a pass instead of a seed', () => solve({ seed: 'pass_1.e30.x', bits: 0 })],
  ])('gets no pass for %s, but a new challenge', async (_, bend) => {
    const question = questionIn(await ask());
    const answer = await ask({ solution: bend(question) });
    expect(codeOf(answer)).toEqual([401, 'challenge_required']);
    expect(questionIn(answer).seed).not.toBe(question.seed);
  });

  test('cannot use a seed that was sent to another address, or is over', async () => {
    const solution = solve(questionIn(await ask()));
    expect(codeOf(await ask({ solution }, nobody, '192.0.2.2'))).toEqual([
      401,
      'challenge_required',
    ]);
    tally.clock.advance(limits.challengeSeconds * 1000 - 1);
    expect(codeOf(await ask({ solution }))).toBe(201);
    tally.clock.advance(1);
    expect(codeOf(await ask({ solution }))).toEqual([401, 'challenge_required']);
  });

  test('is refused what is not understood, as everywhere', async () => {
    expect(codeOf(await ask({ solution: 4711 }))).toEqual([400, 'invalid_body']);
    expect(codeOf(await ask({ solutions: 'x' }))).toEqual([400, 'unknown_field']);
    const tooLong = 'x'.repeat(limits.solutionLength + 1);
    expect(codeOf(await ask({ solution: tooLong }))).toEqual([400, 'invalid_body']);
  });
});

describe('a visitor', () => {
  test('acts as `me` on everything that is open to visitors', async () => {
    const { visitor, headers } = await becomeVisitor(tally);
    expect(await vote('me', headers)).toMatchObject({ status: 200, body: { choice: 'yes' } });
    expect(await tally.send(member('GET', `poll/members/${visitor}`))).toMatchObject({
      body: { choice: 'yes' },
    });
    expect(await tally.send(member('GET', 'poll/members/me', headers))).toMatchObject({
      body: { choice: 'yes' },
    });
    const deeds: [ApiRequest, number][] = [
      [member('PUT', 'viewers/members/me', headers), 200],
      [member('POST', 'viewers/members/me/leave', headers), 204],
      [member('DELETE', 'viewers/members/me', headers), 204],
      [member('PUT', 'uniques/members/me', headers), 200],
      [member('DELETE', 'poll/members/me', headers), 200],
      [member('PUT', `poll/members/${visitor}`, headers, { choice: 'no' }), 200],
      [member('POST', 'likes', headers, { action: 'increment' }), 200],
      [member('PUT', 'open/members/me', headers, { choice: 'yes' }), 200],
    ];
    for (const [request, status] of deeds) {
      expect(codeOf(await tally.send(request)), request.path).toBe(status);
    }
  });

  test('leaves by a beacon, which cannot send headers', async () => {
    const { pass, headers } = await becomeVisitor(tally);
    await tally.send(member('PUT', 'viewers/members/me', headers));
    const leave = member('POST', 'viewers/members/me/leave');
    expect(codeOf(await tally.send({ ...leave, query: { access_token: pass } }))).toBe(204);
  });

  test('has one vote, however many names it makes up', async () => {
    const { headers } = await becomeVisitor(tally);
    await vote('me', headers);
    for (let index = 0; index < 20; index++) {
      expect(codeOf(await vote(`member-${index}`, headers))).toEqual([403, 'other_member']);
    }
    expect(await votes()).toBe(1);
  });

  test("neither changes nor removes another's vote, nor makes a viewer leave", async () => {
    const [ann, eve] = [await becomeVisitor(tally), await becomeVisitor(tally)];
    await vote('me', ann.headers);
    await tally.send(member('PUT', 'viewers/members/me', ann.headers));
    const before = await tally.items();
    for (const headers of [eve.headers, nobody]) {
      const refused = headers === nobody ? [401, 'visitor_required'] : [403, 'other_member'];
      const attacks = [
        member('PUT', `poll/members/${ann.visitor}`, headers, { choice: 'no' }),
        member('DELETE', `poll/members/${ann.visitor}`, headers),
        member('DELETE', `viewers/members/${ann.visitor}`, headers),
        member('POST', `viewers/members/${ann.visitor}/leave`, headers),
        member('PUT', `uniques/members/${ann.visitor}`, headers),
      ];
      for (const attack of attacks) expect(codeOf(await tally.send(attack))).toEqual(refused);
    }
    expect(await tally.items()).toEqual(before);
  });

  test.each<[what: string, request: (headers: Headers) => ApiRequest]>([
    [
      'vote where it takes a key',
      (headers) => member('PUT', 'keyed/members/me', headers, { choice: 'yes' }),
    ],
    ['read what takes a key', (headers) => get('/v1/post-42/stock', headers)],
    ['reset', (headers) => member('POST', 'likes/reset', headers)],
    ['set', (headers) => member('PUT', 'likes', headers, { action: 'set', value: 9 })],
    ['read the settings', (headers) => get('/v1/post-42/settings', headers)],
    ['list keys', (headers) => get('/v1/keys', headers)],
    [
      'subscribe, which leaves an item that stays',
      (headers) => ({
        method: 'PUT',
        path: '/v1/users/me/subscriptions/post-42/likes',
        headers,
      }),
    ],
    [
      'make passes',
      (headers) => ({
        method: 'POST',
        path: '/v1/passes',
        headers,
        body: { member: 'ada', actions: ['write'], subject: 'post-42' },
      }),
    ],
  ])('may not %s', async (_, request) => {
    const { headers } = await becomeVisitor(tally);
    const before = await tally.items();
    expect(codeOf(await tally.send(request(headers)))).toEqual([403, 'forbidden']);
    expect(await tally.items()).toEqual(before);
  });

  test('sees of a subject what everybody sees', async () => {
    const { headers } = await becomeVisitor(tally);
    const [ofVisitor, ofAnyone] = [
      await tally.send(get('/v1/post-42', headers)),
      await tally.send(get('/v1/post-42')),
    ];
    expect(ofVisitor.status).toBe(200);
    expect(ofVisitor.body).toEqual(ofAnyone.body);
  });
});

describe('without a pass', () => {
  test('nobody writes what is open to visitors, and everybody is told what to do', async () => {
    for (const who of ['me', 'ann']) {
      const answer = await vote(who, nobody);
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        body: { code: 'visitor_required' },
      });
    }
    for (let index = 0; index < 20; index++) await vote(`member-${index}`, nobody);
    const like = member('POST', 'likes', nobody, { action: 'increment' });
    expect(codeOf(await tally.send(like))).toEqual([401, 'visitor_required']);
    expect(await tally.items()).toEqual([]);
  });

  test('an item of a batch is refused alone', async () => {
    const items = [
      { subject: 'post-42', counter: 'likes', action: 'increment' },
      { subject: 'post-42', counter: 'likes', action: 'read' },
    ];
    const send = async (headers: Headers) => {
      const answer = await tally.send({
        method: 'POST',
        path: '/v1/batch',
        headers,
        body: { items },
      });
      return (answer.body as { results: unknown[] }).results;
    };
    expect(await send(nobody)).toMatchObject([{ code: 'visitor_required' }, { status: 200 }]);
    const { headers } = await becomeVisitor(tally);
    expect(await send(headers)).toMatchObject([{ status: 200, count: 1 }, { status: 200 }]);
  });

  test('`me` is nobody, also where counters take a key or are public', async () => {
    expect(codeOf(await vote('me', nobody, 'open'))).toEqual([401, 'visitor_required']);
    expect(codeOf(await vote('me', nobody, 'keyed'))).toEqual([401, 'key_required']);
    expect(codeOf(await tally.send(get('/v1/users/me/unread')))).toEqual([401, 'key_required']);
  });
});

describe('a server', () => {
  test('votes for its own users, on counters for visitors as on others', async () => {
    expect(codeOf(await vote('user-1', admin))).toBe(200);
    const pass = { member: 'user-2', actions: ['read', 'write'], subject: 'post-42' };
    const headers = await makePass(tally, admin, pass);
    expect(codeOf(await vote('me', headers))).toBe(200);
    expect(codeOf(await vote('user-2', headers, 'keyed'))).toBe(200);
    expect(codeOf(await vote('user-1', headers))).toEqual([403, 'other_member']);
    expect(codeOf(await tally.send(get('/v1/users/me/unread', headers)))).toBe(200);
    expect(await tally.send(member('GET', 'poll/members/user-2'))).toMatchObject({
      body: { choice: 'yes' },
    });
  });

  test('is not `me`, since it acts for many', async () => {
    expect(codeOf(await vote('me', admin))).toEqual([400, 'invalid_member']);
    expect(codeOf(await tally.send(get('/v1/users/me/unread', admin)))).toEqual([
      400,
      'invalid_user',
    ]);
  });
});

describe('limits', () => {
  /** Limits hold within a factor of two, because not every request is counted by a write. */
  const expectNear = (done: number, burst: number) => {
    expect(done).toBeGreaterThanOrEqual(burst / 2);
    expect(done).toBeLessThanOrEqual(burst * 2);
  };
  const newcomers = limits.callers.newVisitors.burst;

  test('an address gets so many new visitors an hour, on all functions together, and no more', async () => {
    let made = 0;
    let refusal: Answer | undefined;
    for (let attempt = 0; attempt < 3 * newcomers; attempt++) {
      const on = tally.instances[attempt % tally.instances.length] ?? tally;
      const { body } = await on.send(newcomer({}));
      const answer = await on.send(
        newcomer({ solution: solve((body as { challenge: Question }).challenge) }),
      );
      if (answer.status === 201) made += 1;
      else refusal = answer;
    }
    expectNear(made, newcomers);
    expect(refusal).toMatchObject({
      status: 429,
      headers: { 'retry-after': expect.any(String) },
      body: { code: 'rate_limited' },
    });
    const solution = solve(questionIn(await ask({}, nobody, '198.51.100.9')));
    expect(codeOf(await ask({ solution }, nobody, '198.51.100.9'))).toBe(201);
  });

  test('wrong solutions count as well, since checking them may cost something', async () => {
    const codes = new Set<unknown>();
    for (let attempt = 0; attempt < 3 * newcomers; attempt++) {
      codes.add((await ask({ solution: 'wrong' })).status);
    }
    expect([...codes]).toEqual([401, 429]);
  });

  test('renewing a pass makes no new visitor, and counts as a request alone', async () => {
    const { headers } = await becomeVisitor(tally, '192.0.2.1');
    for (let renewal = 0; renewal < newcomers + 10; renewal++) {
      expect(codeOf(await ask({}, headers))).toBe(200);
    }
  });

  test('a visitor may write so often a minute, from wherever it comes', async () => {
    const { headers } = await becomeVisitor(tally);
    const { burst } = limits.callers.visitorWrites;
    let done = 0;
    for (let attempt = 0; attempt < 3 * burst; attempt++) {
      const like = member('POST', 'likes', headers, { action: 'increment' });
      const { status } = await tally.send({ ...like, address: `198.51.${attempt % 200}.7` });
      if (status === 200) done += 1;
    }
    expectNear(done, burst);
    const other = await becomeVisitor(tally);
    expect(codeOf(await vote('me', other.headers))).toBe(200);
  });

  test('an address may write so often a minute, however many visitors it is', async () => {
    const visitors = await Promise.all(Array.from({ length: 20 }, () => becomeVisitor(tally)));
    const item = { subject: 'post-42', counter: 'likes', action: 'increment' };
    let done = 0;
    for (const { headers } of visitors) {
      const body = { items: Array.from({ length: 100 }, () => item) };
      const batch = { method: 'POST', path: '/v1/batch', headers, body, address: '192.0.2.1' };
      if ((await tally.send(batch)).status === 200) done += 100;
    }
    expectNear(done, limits.callers.addressWrites.burst);
  });

  const newcomer = (body: unknown): ApiRequest => ({
    method: 'POST',
    path: '/v1/visitors',
    body,
    address: '192.0.2.1',
  });
});

describe('the pass of a visitor', () => {
  test('says that it is over once it is, and is renewed to the same visitor', async () => {
    const { visitor, headers } = await becomeVisitor(tally);
    await vote('me', headers);
    tally.clock.advance(dayMs);
    expect(codeOf(await vote('me', headers))).toEqual([401, 'pass_expired']);
    const renewed = await ask({}, headers);
    expect(renewed).toMatchObject({
      status: 200,
      body: { visitor, expires_at: '2096-03-01T23:00:00.000Z' },
    });
    await vote('me', bearer((renewed.body as { pass: string }).pass));
    expect(await votes()).toBe(1);
  });

  test('is renewed while it is good, and for a month after, but not for longer', async () => {
    const { visitor, headers } = await becomeVisitor(tally);
    expect(await ask({}, headers)).toMatchObject({ status: 200, body: { visitor } });
    tally.clock.advance(dayMs + monthMs - 1);
    expect(await ask({}, headers)).toMatchObject({ status: 200, body: { visitor } });
    tally.clock.advance(1);
    expect(codeOf(await ask({}, headers))).toEqual([401, 'challenge_required']);
  });

  test('that is forged renews nothing, nor does the pass of a member, or an API key', async () => {
    const { pass } = await becomeVisitor(tally);
    const [version, payload = '', mac = ''] = pass.slice('pass_'.length).split('.');
    const other = base64url({ v: 'v-of-somebody-else', x: 4e9 });
    const forgeries = [
      `pass_${version}.${other}.${mac}`,
      `pass_2.${payload}.${mac}`,
      `pass_0${version}.${payload}.${mac}`,
      `pass_${version}.${payload}.${mac.slice(0, -1)}`,
      `pass_${version}.${payload}.${respelt(mac)}`,
      `pass_${payload}.${mac}`,
      'pass_',
    ];
    for (const forged of forgeries) {
      expect(codeOf(await ask({}, bearer(forged))), forged).toEqual([401, 'invalid_key']);
      expect(codeOf(await vote('me', bearer(forged))), forged).toEqual([401, 'invalid_key']);
    }
    const ofMember = await makePass(tally, admin, {
      member: 'ada',
      actions: ['write'],
      subject: 'post-42',
    });
    for (const headers of [ofMember, admin]) {
      expect(codeOf(await ask({}, headers))).toEqual([403, 'forbidden']);
    }
    expect(await votes()).toBe(0);
  });

  test('a seed is no pass', async () => {
    const { seed } = questionIn(await ask());
    expect(codeOf(await vote('me', bearer(`pass_${seed}`)))).toEqual([401, 'invalid_key']);
  });
});

const base64url = (claims: unknown) => Buffer.from(JSON.stringify(claims)).toString('base64url');

/** Another text for the same bytes: the last character of a MAC has two bits that say nothing. */
function respelt(mac: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return mac.slice(0, -1) + letters[letters.indexOf(mac.at(-1) ?? '') ^ 1];
}

function withBits(seed: string, bits: number): string {
  const [version, payload = '', mac] = seed.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return `${version}.${base64url({ ...claims, b: bits })}.${mac}`;
}

/** A text on the seed that lacks one bit of the work. */
function notSolving(seed: string, bits: number): string {
  for (let attempt = 0; ; attempt++) {
    const solution = `${seed}:${attempt}`;
    const [first = 0] = createHash('sha256').update(solution).digest();
    if (Math.clz32(first) - 24 === bits - 1) return solution;
  }
}
