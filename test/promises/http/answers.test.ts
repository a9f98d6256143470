import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../../../functions/counters/define-counters.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { admin, adminKey } from '../../harness/access/callers.ts';
import { apiEvent, bodyBytes, lambdaContext } from '../../harness/http/api-event.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTally({ readCacheSeconds: 3 });
});

const createTally = (settings: SettingsInput) =>
  createTallyUnderTest({
    counters: {
      counter: { kind: 'count', access: open },
      likes: { kind: 'count', access: open },
      views: { kind: 'count', write: 'deferred', access: open },
      stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
      orders: { kind: 'count', access: { read: 'public', write: 'key' } },
    },
    settings,
    adminKey,
  });

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  tally.send({ method: 'GET', path, headers });

describe('a HEAD', () => {
  test('is answered as a GET would be, without the body', async () => {
    await tally.change('post/likes', 1);
    const whole = await get('/v1/post/likes');
    const head = await tally.send({ method: 'HEAD', path: '/v1/post/likes' });
    // The server leaves out the body, and has its length in the headers.
    expect(head).toEqual(whole);
  });

  test.each(['/docs', '/v1/post/likes/live', '/v1/keys', '/v1/health'])(
    'is answered by whichever function serves the path: %s',
    async (path) => {
      const whole = await get(path, admin);
      expect(whole.status).toBe(200);
      expect(await tally.send({ method: 'HEAD', path, headers: admin })).toMatchObject(
        path === '/v1/post/likes/live' ? { status: 200 } : whole,
      );
    },
  );

  test.each([
    ['/v1/post/likes', 'GET, HEAD, PUT, POST, OPTIONS'],
    ['/v1/keys', 'POST, GET, HEAD, OPTIONS'],
    ['/v1/batch', 'POST, OPTIONS'],
  ])('is named in Allow where GET is: %s', async (path, allow) => {
    const { headers } = await tally.send({ method: 'OPTIONS', path });
    expect(headers.allow).toBe(allow);
  });
});

describe('a read answer', () => {
  test('carries an ETag, and is not sent again to a client that has it', async () => {
    await tally.change('post/likes', 1);
    const first = await get('/v1/post/likes');
    expect(first.headers.etag).toMatch(/^W\/"[^"]+"$/);
    const again = await get('/v1/post/likes', { 'if-none-match': first.headers.etag ?? '' });
    expect(again).toMatchObject({
      status: 304,
      headers: {
        etag: first.headers.etag,
        'cache-control': first.headers['cache-control'],
        'access-control-allow-origin': '*',
      },
      body: '',
    });
  });

  test.each(['no-cache', 'max-age=0', 'no-store'])(
    'is not sent again either to a client that skips the caches on the way: Cache-Control: %s',
    async (control) => {
      await tally.change('post/likes', 1);
      const { headers } = await get('/v1/post/likes');
      const again = await get('/v1/post/likes', {
        'if-none-match': headers.etag ?? '',
        'cache-control': control,
      });
      expect(again).toMatchObject({ status: 304, body: '' });
    },
  );

  test('is sent again once the count has changed', async () => {
    const { headers } = await get('/v1/post/likes');
    tally.clock.advance(1);
    await tally.change('post/likes', 1);
    const again = await get('/v1/post/likes', { 'if-none-match': headers.etag ?? '' });
    expect(again).toMatchObject({ status: 200, body: { count: 1 } });
    expect(again.headers.etag).not.toBe(headers.etag);
  });

  test('is sent again once the count is back where it was', async () => {
    await tally.change('post/likes', 1);
    const { headers } = await get('/v1/post/likes');
    tally.clock.advance(1);
    await tally.change('post/likes', 1);
    await tally.change('post/likes', -1);
    const again = await get('/v1/post/likes', { 'if-none-match': headers.etag ?? '' });
    expect(again).toMatchObject({ status: 200, body: { count: 1 } });
  });

  test('may be kept as long as a total is remembered, if everybody may read it', async () => {
    expect((await get('/v1/post/likes')).headers['cache-control']).toBe('public, max-age=3');
    expect((await get('/v1/post/orders')).headers['cache-control']).toBe('public, max-age=3');
  });

  test('may not be kept by others, if it takes a key', async () => {
    const { headers } = await get('/v1/shoe/stock', admin);
    expect(headers['cache-control']).toBe('private, no-cache');
  });

  test('may not be kept, if consistency was asked for', async () => {
    const { headers } = await tally.read('post/likes', { consistent: 'true' });
    expect(headers['cache-control']).toBe('no-store');
  });

  test('is told apart by Accept in caches', async () => {
    expect((await get('/v1/post/likes')).headers.vary).toMatch(/accept/i);
  });
});

describe('a change answer', () => {
  test('is never kept, nor has it an ETag', async () => {
    for (const options of [{}, { token: 'a' }, { minimal: true }]) {
      const { headers } = await tally.change('post/likes', 1, options);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers).not.toHaveProperty('etag');
    }
  });

  test.each(['return=minimal', 'respond-async, return=minimal', 'Return=Minimal; foo=bar'])(
    'is 204 and says so, if no more was wanted: Prefer: %s',
    async (prefer) => {
      for (const counter of ['likes', 'views']) {
        const answer = await tally.change(`post/${counter}`, 1, { headers: { prefer } });
        expect(answer).toMatchObject({
          status: 204,
          headers: { 'preference-applied': 'return=minimal' },
          body: '',
        });
        expect(answer.headers).not.toHaveProperty('content-type');
      }
    },
  );

  test.each(['return=representation', 'return=minimalist', 'no-return=minimal', ''])(
    'is the count, if that was wanted: Prefer: %s',
    async (prefer) => {
      const answer = await tally.change('post/likes', 1, { headers: { prefer } });
      expect(answer).toMatchObject({ status: 200, body: { count: 1, pending: false } });
      expect(answer.headers).not.toHaveProperty('preference-applied');
    },
  );
});

describe('compression', () => {
  const page = '/v1/post/likes';
  const asHtml = { accept: 'text/html' };

  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('%s is used for a long answer, and undone gives the same', async (encoding, undo) => {
    const plain = await raw(page, asHtml);
    const packed = await raw(page, { ...asHtml, 'accept-encoding': encoding });
    expect(bodyBytes(plain).length).toBeGreaterThanOrEqual(limits.compressFromBytes);
    expect(header(packed, 'content-encoding')).toBe(encoding);
    expect(header(packed, 'vary')).toMatch(/accept-encoding/i);
    expect(undo(bodyBytes(packed)).equals(bodyBytes(plain))).toBe(true);
    expect(packed.headers.etag).toBe(plain.headers.etag);
  });

  test('is left out for a short answer', async () => {
    const answer = await raw(page, { 'accept-encoding': 'br, gzip' });
    expect(bodyBytes(answer).length).toBeLessThan(limits.compressFromBytes);
    expect(header(answer, 'content-encoding')).toBeUndefined();
    expect(JSON.parse(bodyBytes(answer).toString())).toMatchObject({ count: 0 });
  });

  test.each(['identity', 'deflate', 'br;q=0, gzip;q=0', 'nonsense', '*;q=0'])(
    'is left out for a client that does not want it: %s',
    async (wanted) => {
      const answer = await raw(page, { ...asHtml, 'accept-encoding': wanted });
      expect(header(answer, 'content-encoding')).toBeUndefined();
    },
  );

  test('keeps the other reasons to tell answers apart', async () => {
    const { headers } = await get(page, { ...asHtml, 'accept-encoding': 'br' });
    expect(headers.vary).toMatch(/accept(?!-)/i);
  });

  test('leaves the cache headers as they are, whatever the client says about transforming', async () => {
    const { headers } = await get(page, { ...asHtml, 'cache-control': 'no-transform' });
    expect(headers['cache-control']).toContain('max-age=3');
  });

  const raw = (path: string, headers: Readonly<Record<string, string>>) =>
    tally.handlers.read(apiEvent({ method: 'GET', path, headers }), lambdaContext());

  const header = ({ headers }: { headers: Record<string, string> }, name: string) =>
    Object.entries(headers).find(([spelling]) => spelling.toLowerCase() === name)?.[1];
});

describe('a path that API Gateway has decoded', () => {
  test("and that is another function's by then, leads nowhere", async () => {
    for (const rawPath of ['/v1/a/b/live', '/v1/batch']) {
      const event = apiEvent({ method: rawPath.endsWith('live') ? 'GET' : 'POST', path: rawPath });
      const answer = await tally.handlers.read(event, lambdaContext());
      expect(answer).toMatchObject({ statusCode: 404 });
      expect(JSON.parse(bodyBytes(answer).toString())).toMatchObject({ code: 'unknown_path' });
    }
    expect(tally.errors).toEqual([]);
  });
});

describe('pages of other origins', () => {
  const shop = 'https://shop.example.com';

  test.each([
    ['a read', { method: 'GET', path: '/v1/post/likes' }],
    ['a change', { method: 'PUT', path: '/v1/post/likes', body: { action: 'increment' } }],
    ['a refusal', { method: 'PUT', path: '/v1/post/likes', body: {} }],
    ['an unknown path', { method: 'GET', path: '/nothing' }],
    ['a missing key', { method: 'GET', path: '/v1/shoe/stock' }],
  ])('may all see %s by default', async (_, request) => {
    const { headers } = await tally.send({ ...request, headers: { origin: shop } });
    expect(headers['access-control-allow-origin']).toBe('*');
    const exposed = headers['access-control-expose-headers']?.split(',');
    expect(exposed).toEqual(
      expect.arrayContaining(['etag', 'idempotency-replayed', 'retry-after']),
    );
  });

  test('may see it if they are configured, and no others', async () => {
    tally = await createTally({ corsOrigins: [shop, 'https://*.example.org'] });
    const allowed = async (origin: string) =>
      (await get('/v1/post/likes', { origin })).headers['access-control-allow-origin'];
    expect(await allowed(shop)).toBe(shop);
    expect(await allowed('https://blog.example.org')).toBe('https://blog.example.org');
    for (const origin of [
      'https://evil.example.com',
      `${shop}.evil.com`,
      'http://shop.example.com',
      'https://example.org.evil.com',
      'null',
    ]) {
      expect(await allowed(origin), origin).toBeUndefined();
    }
  });

  test('are told apart in caches, beside what else tells answers apart', async () => {
    tally = await createTally({ corsOrigins: [shop] });
    const { headers } = await get('/v1/post/likes', { origin: shop });
    expect(headers.vary).toMatch(/origin/i);
    expect(headers.vary).toMatch(/accept(?!-)/i);
  });

  test.each(['/v1/post/likes', '/post/counter', '/v1/shoe/stock', '/v1/post/orders'])(
    'may ask first, without a key: %s',
    async (path) => {
      const answer = await tally.send({
        method: 'OPTIONS',
        path,
        headers: {
          origin: shop,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'content-type,idempotency-key',
        },
      });
      expect(answer.status).toBe(204);
      const listed = (name: string) => answer.headers[name]?.split(',');
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect(listed('access-control-allow-methods')).toEqual(
        expect.arrayContaining(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']),
      );
      expect(listed('access-control-allow-headers')).toEqual(
        expect.arrayContaining([
          'authorization',
          'content-type',
          'idempotency-key',
          'if-none-match',
          'prefer',
          'traceparent',
          'tracestate',
          'baggage',
          'sentry-trace',
        ]),
      );
      expect(Number(answer.headers['access-control-max-age'])).toBeGreaterThan(0);
    },
  );

  test('may send further headers if they are configured', async () => {
    tally = await createTally({ corsHeaders: ['x-request-id', 'X-Datadog-Trace-Id'] });
    const { headers } = await tally.send({
      method: 'OPTIONS',
      path: '/v1/post/likes',
      headers: { origin: shop, 'access-control-request-method': 'PUT' },
    });
    expect(headers['access-control-allow-headers']?.split(',')).toEqual(
      expect.arrayContaining(['authorization', 'x-request-id', 'X-Datadog-Trace-Id']),
    );
  });
});
