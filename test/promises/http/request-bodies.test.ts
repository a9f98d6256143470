import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { admin, adminKey, makeKey } from '../../harness/access/callers.ts';
import { apiEvent, bodyBytes, lambdaContext } from '../../harness/http/api-event.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
      poll: { kind: 'reaction', choices: ['yes', 'no'], access: open },
      viewers: { kind: 'presence', access: open },
    },
    adminKey,
  });
});
afterEach(() => expect(tally.errors).toEqual([]));

const increment = JSON.stringify({ action: 'increment', amount: 3 });

/** A change of bytes, as API Gateway hands them over. */
async function sendBytes(bytes: Uint8Array, headers: Readonly<Record<string, string>> = {}) {
  const event = apiEvent({ method: 'POST', path: '/v1/post/likes', headers });
  const answer = await tally.handlers.write(
    { ...event, body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true },
    lambdaContext(),
  );
  return { status: answer.statusCode, body: JSON.parse(bodyBytes(answer).toString()) };
}

const putLikes = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  tally.send({ method: 'PUT', path: '/v1/post/likes', headers, body });

describe('a body', () => {
  test('may begin with a byte order mark, as editors on Windows write it', async () => {
    expect(await sendBytes(Buffer.from(`\uFEFF${increment}`))).toMatchObject({
      status: 200,
      body: { count: 3 },
    });
  });

  test('that is not JSON is shown, as far as one has to see to know why', async () => {
    const { body } = await putLikes('{action:increment}');
    expect(body).toMatchObject({
      code: 'invalid_json',
      pointer: '#',
      detail: 'The body is not JSON; it begins with "{action:increment}".',
    });
    const { body: long } = await putLikes(`'${'x'.repeat(500)}`);
    expect((long as { detail: string }).detail.length).toBeLessThan(100);
  });

  test('that is not UTF-8 says so', async () => {
    expect(await sendBytes(Buffer.from('{"action":"\xe9"}', 'latin1'))).toMatchObject({
      status: 400,
      body: { code: 'invalid_json', detail: 'The body is not JSON: it is not UTF-8.' },
    });
  });

  test.each([
    'application/x-www-form-urlencoded',
    'text/plain;charset=UTF-8',
    'application/json',
    'nonsense',
  ])('is JSON whatever its type says: %s', async (type) => {
    expect(await putLikes(increment, { 'content-type': type })).toMatchObject({ status: 200 });
  });

  test('is not a form with parts', async () => {
    const type = 'multipart/form-data; boundary=x';
    expect(await putLikes('--x\r\n', { 'content-type': type })).toMatchObject({
      status: 415,
      body: { code: 'unsupported_media_type', header: 'Content-Type' },
    });
  });
});

describe('a compressed body', () => {
  test.each(['gzip', 'GZIP', 'x-gzip'])('is unpacked: %s', async (encoding) => {
    const packed = gzipSync(increment);
    expect(await sendBytes(packed, { 'content-encoding': encoding })).toMatchObject({
      status: 200,
      body: { count: 3 },
    });
  });

  test.each([
    ['br', brotliCompressSync(increment)],
    ['deflate', deflateSync(increment)],
    ['gzip, gzip', gzipSync(gzipSync(increment))],
  ])('in another encoding is refused with what it was: %s', async (encoding, packed) => {
    expect(await sendBytes(packed, { 'content-encoding': encoding })).toMatchObject({
      status: 415,
      body: {
        code: 'unsupported_encoding',
        header: 'Content-Encoding',
        detail: expect.stringContaining(encoding),
      },
    });
  });

  test('that is not compressed says so', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect(await sendBytes(Buffer.from(increment), headers)).toMatchObject({
      status: 400,
      body: { code: 'invalid_json', detail: expect.stringContaining('not gzip') },
    });
  });

  test('that unpacks to more than the limit is too large', async () => {
    const packed = gzipSync(increment.padEnd(limits.bodyBytes + 1));
    expect(packed.length).toBeLessThan(1000);
    expect(await sendBytes(packed, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
  });
});

describe('mistakes', () => {
  test('of a body are all named, each with its place', async () => {
    const { body } = await putLikes({ amount: 0.5, amout: 2, 'a/b~c': 1 });
    expect(body).toMatchObject({
      code: 'invalid_request',
      errors: [
        { code: 'invalid_action', pointer: '#/action', detail: 'action is missing.' },
        { code: 'invalid_amount', pointer: '#/amount', detail: 'amount must be a whole number.' },
        { code: 'unknown_field', pointer: '#/amout', detail: 'amout is not a known field.' },
        { code: 'unknown_field', pointer: '#/a~1b~0c', detail: 'a/b~c is not a known field.' },
      ],
    });
    const { errors, detail } = body as { errors: { detail: string }[]; detail: string };
    expect(detail).toBe(errors.map((it) => it.detail).join(' '));
  });

  test('that are one have their own code and place', async () => {
    expect((await putLikes({ action: 'increment', amount: '3' })).body).toMatchObject({
      code: 'invalid_amount',
      pointer: '#/amount',
    });
    expect((await putLikes({ action: 'increment', value: 3 })).body).toMatchObject({
      code: 'unknown_field',
      pointer: '#/value',
      detail: 'value is not a field of increment.',
    });
  });

  test('without number are named up to a limit', async () => {
    const fields = Array.from({ length: 500 }, (_, index) => [`field-${index}`, 1]);
    const { body } = await putLikes({ action: 'increment', ...Object.fromEntries(fields) });
    const { errors, detail } = body as { errors: unknown[]; detail: string };
    expect(errors).toHaveLength(limits.mistakes);
    expect(detail).toContain('There are 480 more.');
  });

  test('of an item of a batch are in its place, with the way from the body', async () => {
    const items = [
      { subject: 'post', counter: 'likes', action: 'increment' },
      { subject: 'a b', counter: 'nope', action: 'increment', idempotency_key: '', amout: 1 },
      { counter: 'likes', action: 'read' },
    ];
    const { body } = await tally.send({ method: 'POST', path: '/v1/batch', body: { items } });
    expect(body).toMatchObject({
      results: [
        { status: 200, count: 1 },
        {
          status: 400,
          code: 'invalid_request',
          errors: [
            { code: 'invalid_subject', pointer: '#/items/1/subject' },
            { code: 'invalid_idempotency_key', pointer: '#/items/1/idempotency_key' },
            { code: 'unknown_field', pointer: '#/items/1/amout' },
            { code: 'unknown_counter', pointer: '#/items/1/counter' },
          ],
        },
        { status: 400, code: 'invalid_subject', pointer: '#/items/2/subject' },
      ],
    });
  });

  test('of an API key or a pass name the counters that are not defined', async () => {
    const scope = { actions: ['read'], subjects: ['post'], counters: ['likes', 'nope', 'neither'] };
    const key = { method: 'POST', path: '/v1/keys', headers: admin, body: { scopes: [scope] } };
    expect(await tally.send(key)).toMatchObject({
      status: 400,
      body: {
        code: 'invalid_request',
        errors: [
          { code: 'invalid_scopes', pointer: '#/scopes/0/counters/1' },
          { code: 'invalid_scopes', pointer: '#/scopes/0/counters/2' },
        ],
      },
    });
    const pass = { member: 'ada', actions: ['read'], subject: 'post', counters: ['nope'] };
    const body = { code: 'invalid_pass', detail: expect.stringMatching(/"nope".*likes, poll/) };
    const request = { method: 'POST', path: '/v1/passes', headers: admin, body: pass };
    expect(await tally.send(request)).toMatchObject({ status: 400, body });
  });
});

describe('what is not taken', () => {
  test.each([
    ['POST', '/v1/users/ada/unread/read', { before: '2026-11-21' }, 'before'],
    ['PUT', '/v1/users/ada/subscriptions/post/likes', { since: '2026-11-21' }, 'since'],
    ['DELETE', '/v1/users/ada/subscriptions/post/likes', { since: '2026-11-21' }, 'since'],
    ['DELETE', '/v1/post/viewers/members/ada', { at: 1 }, 'at'],
    ['POST', '/v1/post/viewers/members/ada/leave', { at: 1 }, 'at'],
    ['DELETE', '/v1/post/poll/members/ada', { choice: 'yes' }, 'choice'],
    ['GET', '/v1/post/likes', { window: 'day' }, 'window'],
  ])('is refused where it would change nothing: %s %s', async (method, path, body, field) => {
    expect(await tally.send({ method, path, headers: admin, body })).toMatchObject({
      status: 400,
      body: { code: 'unknown_field', pointer: `#/${field}` },
    });
  });

  test('as a parameter is refused by name, and let through on pages', async () => {
    const request = { method: 'GET', path: '/v1/post/likes', query: { windows: 'day' } };
    expect(await tally.send(request)).toMatchObject({
      status: 400,
      body: { code: 'unknown_parameter', parameter: 'windows' },
    });
    const visit = { ...request, headers: { accept: 'text/html' }, query: { utm_source: 'mail' } };
    expect(await tally.send(visit)).toMatchObject({ status: 200 });
    const wrong = { ...visit, query: { utm_source: 'mail', window: 'week' } };
    expect(await tally.send(wrong)).toMatchObject({ status: 400, body: { parameter: 'window' } });
  });

  test('as an API key in the address is refused, since it is not looked at there', async () => {
    const query = { access_token: adminKey };
    const request = { method: 'GET', path: '/v1/post/likes', query };
    expect(await tally.send(request)).toMatchObject({
      status: 400,
      body: { code: 'unknown_parameter', parameter: 'access_token' },
    });
  });

  test.each(['If-Match', 'If-None-Match', 'If-Unmodified-Since'])(
    'as the condition of a write is refused, since it would be written all the same: %s',
    async (header) => {
      expect(await putLikes(increment, { [header]: '"x"' })).toMatchObject({
        status: 400,
        body: { code: 'unsupported_condition', header },
      });
      expect(await tally.read('post/likes')).toMatchObject({ body: { count: 0 } });
    },
  );

  test('as an Idempotency-Key is refused where a repeated request would do it again', async () => {
    const scope = { actions: ['read'], subjects: ['post'] };
    const request = { method: 'POST', path: '/v1/keys', body: { scopes: [scope] } };
    expect(await tally.send({ ...request, headers: { ...admin, 'idempotency-key': 'a' } })).toEqual(
      expect.objectContaining({
        status: 400,
        body: expect.objectContaining({ code: 'invalid_idempotency_key' }),
      }),
    );
  });
});

describe('an Idempotency-Key that is not one', () => {
  test.each([
    ['order,17', /comma.*quotes/],
    ['', /is empty/],
    ['a b', /space/],
    ['clé', /ASCII/],
    ['"abc', /quotation mark/],
    ['x'.repeat(256), /256 characters; at most 255/],
  ])('is answered with what is wrong with it: %s', async (token, detail) => {
    expect(await putLikes(increment, { 'idempotency-key': token })).toMatchObject({
      status: 400,
      body: {
        code: 'invalid_idempotency_key',
        header: 'Idempotency-Key',
        detail: expect.stringMatching(detail),
      },
    });
  });

  test('is taken with a comma in quotes', async () => {
    for (const replayed of [undefined, 'true']) {
      const answer = await putLikes(increment, { 'idempotency-key': '"order,17"' });
      expect(answer).toMatchObject({ status: 200, body: { count: 3 } });
      expect(answer.headers['idempotency-replayed']).toBe(replayed);
    }
  });
});

describe('a list', () => {
  const pages = async (path: string, field: string, limit: number) => {
    const entries: unknown[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = {
        limit: String(limit),
        ...(cursor === null ? {} : { cursor }),
      };
      const { body } = await tally.send({ method: 'GET', path, headers: admin, query });
      const page = body as Record<string, unknown[]> & { next_cursor: string | null };
      expect(page[field]?.length).toBeLessThanOrEqual(limit);
      entries.push(...(page[field] ?? []));
      cursor = page.next_cursor;
    } while (cursor !== null);
    return entries;
  };
  const whole = async (path: string, field: string) => {
    const { body } = await tally.send({ method: 'GET', path, headers: admin });
    expect(body).toMatchObject({ next_cursor: null });
    return (body as Record<string, unknown[]>)[field];
  };

  test('of API keys comes page by page, each of them once', async () => {
    for (let made = 0; made < 7; made++) {
      await makeKey(tally, [{ actions: ['read'], subjects: ['post'] }]);
    }
    for (const limit of [1, 3, 7, 100]) {
      const all = await pages('/v1/keys', 'keys', limit);
      expect(all).toHaveLength(7);
      expect(all).toEqual(await whole('/v1/keys', 'keys'));
    }
  });

  test('of what is unread comes page by page, with the sum of all on each', async () => {
    for (const subject of ['a', 'b#1', 'c']) {
      const path = `/v1/users/ada/subscriptions/${encodeURIComponent(subject)}/likes`;
      await tally.send({ method: 'PUT', path, headers: admin });
      await tally.change(`${encodeURIComponent(subject)}/likes`, 2);
    }
    const unread = '/v1/users/ada/unread';
    const all = await pages(unread, 'subscriptions', 2);
    expect(all).toEqual(
      ['a', 'b#1', 'c'].map((subject) => ({ subject, counter: 'likes', count: 2 })),
    );
    const query = { limit: '1' };
    const { body } = await tally.send({ method: 'GET', path: unread, headers: admin, query });
    expect(body).toMatchObject({ count: 6 });
  });

  test.each([
    ['limit', '0', 'invalid_limit'],
    ['limit', '101', 'invalid_limit'],
    ['limit', '1.5', 'invalid_limit'],
    ['cursor', '', 'invalid_cursor'],
    ['cursor', '%%%', 'invalid_cursor'],
  ])('says what is wrong with %s=%s', async (parameter, value, code) => {
    const query = { [parameter]: value };
    const request = { method: 'GET', path: '/v1/keys', headers: admin, query };
    expect(await tally.send(request)).toMatchObject({ status: 400, body: { code, parameter } });
  });
});
