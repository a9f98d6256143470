import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ProblemCode, problemKinds } from '../../../functions/http/problems.ts';
import { admin, adminKey } from '../../harness/access/callers.ts';
import { type ApiRequest, apiEvent, lambdaContext } from '../../harness/http/api-event.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

const increment = { action: 'increment' };
const tooLarge = 'x'.repeat(65_537);

let tally: TallyUnderTest;
let itemsBefore: unknown;

beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: {
      counter: { kind: 'count', access: open },
      likes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', windows: ['all', 'day'], access: open },
      viewers: { kind: 'presence', access: open },
      orders: { kind: 'ticket', access: open },
    },
    adminKey,
  });
  await tally.change('post/likes', 7, { token: 'there-before' });
  itemsBefore = await tally.items();
});

afterEach(async () => {
  expect(await tally.items()).toEqual(itemsBefore);
  expect(tally.errors).toEqual([]);
});

async function expectRefusal(request: ApiRequest, code: ProblemCode): Promise<void> {
  const { status, title } = problemKinds[code];
  expect(await tally.send(request)).toMatchObject({
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: { type: `/docs/errors#${code}`, status, title, code, detail: expect.stringMatching(/./) },
  });
}

const put = (body: unknown, headers: ApiRequest['headers'] = {}): ApiRequest => ({
  method: 'PUT',
  path: '/v1/post/likes',
  headers,
  body,
});

describe('a subject', () => {
  test.each([
    ['begins with a dot', '.post'],
    ['is only dots', '..'],
    ['is dots, encoded', '%2e%2e'],
    ['has a space', 'my%20post'],
    ['has a slash, encoded', 'my%2fpost'],
    ['has a star', 'my*post'],
    ['has a backslash', 'my%5cpost'],
    ['has a line break', 'post%0a'],
    ['has a null byte', 'post%00'],
    ['has an accent', '%C3%A9tage'],
    ['is an emoji', '%F0%9F%91%8D'],
    ['is half a surrogate', '%ED%A0%80'],
    ['is not UTF-8', 'post%FF'],
    ['is broken percent-encoding', 'post%'],
    ['is other broken percent-encoding', 'post%zz'],
    ['is encoded twice', 'my%2520post'],
    ['is a script', '%3Cscript%3E'],
    ['is empty', ''],
    ['has 129 characters', 'x'.repeat(129)],
    ['is reserved: v1', 'v1'],
    ['is reserved: users', 'users'],
    ['is reserved: batch', 'batch'],
    ['is reserved: passes', 'passes'],
    ['is reserved: live', 'live'],
    ['is reserved: jwt', 'jwt'],
    ['is reserved: openapi.json', 'openapi.json'],
    ['is reserved: health', 'health'],
  ])('that %s is refused', async (_, subject) => {
    for (const counter of ['likes', 'counter', 'views']) {
      const path = `/v1/${subject}/${counter}`;
      await expectRefusal({ method: 'GET', path }, 'invalid_subject');
      await expectRefusal({ method: 'PUT', path, body: increment }, 'invalid_subject');
    }
  });
});

describe('a counter', () => {
  test.each([
    'comments',
    'Likes',
    'likes%20',
    'likes%00',
    'toString',
    'constructor',
    '__proto__',
    '%6Cikes%2F',
    'likes%',
  ])('that is not configured is unknown: %s', expectUnknown);

  test('with a very long name is unknown', () => expectUnknown('x'.repeat(4000)));

  async function expectUnknown(counter: string): Promise<void> {
    const path = `/v1/post/${counter}`;
    await expectRefusal({ method: 'GET', path }, 'unknown_counter');
    await expectRefusal({ method: 'PUT', path, body: increment }, 'unknown_counter');
  }
});

describe('an action', () => {
  test.each([
    [undefined],
    [''],
    ['INCREMENT'],
    ['increment '],
    ['reset'],
    ['toString'],
    [null],
    [1],
    [true],
    [['increment']],
    [{ increment: 1 }],
  ])('that is %o is refused', async (action) => {
    await expectRefusal(put({ action }), 'invalid_action');
    await expectRefusal(put({ action, amount: 1 }), 'invalid_action');
  });
});

describe('an amount', () => {
  test.each([
    ['0'],
    ['-0'],
    ['-1'],
    ['1.5'],
    ['0.999999999'],
    ['1e-7'],
    ['1000000001'],
    ['1e10'],
    ['9007199254740993'],
    ['1e400'],
    ['-1e400'],
    ['"1"'],
    ['""'],
    ['null'],
    ['true'],
    ['[]'],
    ['[1]'],
    ['{}'],
  ])('that is %s is refused', async (amount) => {
    for (const action of ['increment', 'decrement']) {
      await expectRefusal(put(`{"action":"${action}","amount":${amount}}`), 'invalid_amount');
    }
  });
});

describe('a body', () => {
  test.each([
    [undefined],
    [''],
    [' '],
    ['{'],
    ['increment'],
    ['action=increment'],
    ['undefined'],
    ['NaN'],
    ['{"action":"increment","amount":NaN}'],
    ['{"action":"increment","amount":Infinity}'],
    ['{"action":"increment","amount":01}'],
    ['{"action":"increment","amount":0x1}'],
    ['{"action":"increment","amount":+1}'],
    ['{"action":"increment",}'],
    ["{'action':'increment'}"],
    ['{"action":"increment"} {}'],
    ['{"action":"increment"}\0'],
    ['<change/>'],
  ])('that is not JSON is refused: %j', async (body) => {
    await expectRefusal(put(body), 'invalid_json');
  });

  test.each([['null'], ['true'], ['1'], ['"increment"'], ['[]'], ['[{"action":"increment"}]']])(
    'that is not an object is refused: %s',
    async (body) => {
      await expectRefusal(put(body), 'invalid_body');
    },
  );

  test.each([
    ['amout', '{"action":"increment","amout":2}'],
    ['Action', '{"action":"increment","Action":"decrement"}'],
    ['window', '{"action":"increment","window":"day"}'],
    ['the empty name', '{"action":"increment","":1}'],
    ['constructor', '{"action":"increment","constructor":1}'],
    ['toString', '{"action":"increment","toString":1}'],
    ['__proto__', '{"action":"increment","__proto__":{"amount":5}}'],
  ])('with an unknown field is refused: %s', async (_, body) => {
    await expectRefusal(put(body), 'unknown_field');
  });

  test.each([
    ['of 100 KB', 'x'.repeat(100 * 1024)],
    ['of 100 KB, otherwise right', { ...increment, note: 'x'.repeat(100 * 1024) }],
    ['one byte over the limit', JSON.stringify(increment).padEnd(65_537)],
    ['over the limit in bytes, not in characters', `"${'é'.repeat(40_000)}"`],
  ])('%s is too large', async (_, body) => {
    await expectRefusal(put(body), 'body_too_large');
  });

  test.each([
    ['POST', '/v1/post/orders/tickets'],
    ['POST', '/v1/post/likes/reset'],
    ['POST', '/v1/post/viewers/members/ann/leave'],
    ['DELETE', '/v1/post/viewers/members/ann'],
    ['PUT', '/v1/users/ann/subscriptions/post/likes'],
    ['POST', '/v1/users/ann/unread/read'],
    ['GET', '/v1/post/likes'],
    ['GET', '/docs'],
  ])('that is too large is refused also where none is taken: %s %s', async (method, path) => {
    await expectRefusal({ method, path, headers: admin, body: tooLarge }, 'body_too_large');
  });

  test('that is too large is refused as it comes from API Gateway, too', async () => {
    const event = apiEvent({ method: 'PUT', path: '/v1/post/likes', body: btoa(tooLarge) });
    const encoded = { ...event, isBase64Encoded: true };
    expect(await tally.handlers.write(encoded, lambdaContext())).toMatchObject({ statusCode: 413 });
  });

  test.each([
    ['{"count":5}', 'unknown_field'],
    ['{', 'invalid_json'],
    ['[]', 'invalid_body'],
    ['1', 'invalid_body'],
  ] as const)('that means nothing to a ticket or a reset is refused: %s', async (body, code) => {
    for (const path of ['orders/tickets', 'orders/reset', 'likes/reset']) {
      const request = { method: 'POST', path: `/v1/post/${path}`, headers: admin, body };
      await expectRefusal(request, code);
    }
  });
});

describe('an Idempotency-Key', () => {
  test.each([
    ['is empty', ''],
    ['is blank', '   '],
    ['has a space', 'a b'],
    ['has a tab', 'a\tb'],
    ['has an accent', 'clé'],
    ['has 256 characters', 'x'.repeat(256)],
    ['is an empty string in quotes', '""'],
    ['opens a quote', '"abc'],
    ['is two strings in quotes', '"a""b"'],
    ['has a parameter', '"abc"; v=1'],
    ['is a list, as of a header that came twice', '"a", "b"'],
    ['has 256 characters in quotes', `"${'x'.repeat(256)}"`],
  ])('that %s is refused', async (_, token) => {
    await expectRefusal(put(increment, { 'Idempotency-Key': token }), 'invalid_idempotency_key');
  });
});

describe('a query', () => {
  test.each([
    ['window', 'week', 'invalid_window'],
    ['window', '', 'invalid_window'],
    ['window', 'DAY', 'invalid_window'],
    ['window', 'day', 'invalid_window'],
    ['window', 'toString', 'invalid_window'],
    ['window', 'all,all', 'invalid_window'],
    ['consistent', 'yes', 'invalid_consistent'],
    ['consistent', 'TRUE', 'invalid_consistent'],
    ['consistent', '', 'invalid_consistent'],
    ['consistent', '1', 'invalid_consistent'],
    ['consistent', 'true,true', 'invalid_consistent'],
  ] as const)('with %s=%s is refused', async (name, value, code) => {
    const request = { method: 'GET', path: '/v1/post/likes', query: { [name]: value } };
    await expectRefusal(request, code);
  });

  test('with half a range, or with one that ends before it begins, is refused', async () => {
    for (const query of [
      { window: 'day', from: '2096-02-28', to: '2096-02-27' },
      { window: 'day', from: '2096-02-28', to: '2096-02-28', last: '1d' },
      { from: '2096-02-28' },
      { to: '' },
    ]) {
      await expectRefusal({ method: 'GET', path: '/v1/post/views', query }, 'invalid_range');
    }
  });
});

describe('a path', () => {
  test.each([
    '/',
    '',
    '//',
    '/v1',
    '/v1/',
    '/v2/post/likes',
    '/V1/post/likes',
    '/v1/post/likes/',
    '/v1/post/likes/nothing',
    '/v1//post/likes',
    '//v1/post/likes',
    '/post/likes',
    '/post/counter/',
    '/%76%31/post/likes/',
    '/../v1/post/likes',
    '/favicon.ico',
    '/.env',
    'http://test.example.com/v1/post/likes',
    '*',
  ])('that leads nowhere is 404: %s', expectNothing);

  test('that is very long is 404', () => expectNothing(`/${'x'.repeat(8000)}`));

  async function expectNothing(path: string): Promise<void> {
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'BREW']) {
      await expectRefusal({ method, path, body: increment }, 'unknown_path');
    }
  }
});

describe('a method', () => {
  test.each(['PATCH', 'DELETE', 'TRACE', 'put', 'get', 'BREW', ''])(
    'that the path does not take is refused, with those that it takes: %s',
    async (method) => {
      for (const path of ['/v1/post/likes', '/post/counter']) {
        await expectRefusal({ method, path, body: increment }, 'method_not_allowed');
        const { headers } = await tally.send({ method, path });
        expect(headers.allow?.split(', ')).toEqual(expect.arrayContaining(['GET', 'PUT', 'POST']));
      }
    },
  );

  test.each([
    ['GET', '/v1/batch', 'POST'],
    ['GET', '/v1/passes', 'POST'],
    ['GET', '/v1/keys/likes', 'DELETE'],
    ['PUT', '/v1/keys/likes', 'DELETE'],
    ['PUT', '/v1/health', 'GET'],
    ['PUT', '/v1/post', 'GET'],
  ])(
    'of a subject, where a route has the name for itself, is refused: %s %s',
    async (method, path, allowed) => {
      await expectRefusal({ method, path, body: increment }, 'method_not_allowed');
      const { headers } = await tally.send({ method, path });
      expect(headers.allow).toBe(`${allowed === 'GET' ? 'GET, HEAD' : allowed}, OPTIONS`);
    },
  );
});

test('the answer names all names in the path that are wrong, and then all the rest', async () => {
  const request = { ...put('{', { 'Idempotency-Key': 'a b' }), query: { dry: 'true' } };
  const path = '/v1/a%20b/nothing';
  expect(await tally.send({ ...request, path })).toMatchObject({
    status: 400,
    body: {
      code: 'invalid_request',
      errors: [
        { code: 'invalid_subject', parameter: 'subject' },
        { code: 'unknown_counter', parameter: 'counter' },
      ],
    },
  });
  expect(await tally.send(request)).toMatchObject({
    status: 400,
    body: {
      code: 'invalid_request',
      errors: [
        { code: 'unknown_parameter', parameter: 'dry', detail: 'dry is not a known parameter.' },
        { code: 'invalid_idempotency_key', header: 'Idempotency-Key' },
        { code: 'invalid_json', pointer: '#' },
      ],
    },
  });
});
