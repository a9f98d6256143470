/** What browsers are told: which pages may read an answer, what a page may do, and what caches must tell apart. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../../../functions/counters/define-counters.ts';
import { routes } from '../../../functions/http/routes.ts';
import { admin, adminKey, get, increment } from '../../harness/access/callers.ts';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const createTally = (settings: SettingsInput = {}) =>
  createTallyUnderTest({
    counters: {
      counter: { kind: 'count', access: open },
      likes: { kind: 'count', access: open },
      stock: { kind: 'count', access: keyed },
    },
    settings,
    adminKey,
  });

let tally: TallyUnderTest;
beforeAll(async () => {
  tally = await createTally();
});

const asHtml = { accept: 'text/html' };
const answers: [what: string, request: ApiRequest][] = [
  ['a count', get('/v1/post/likes')],
  ['a count behind a key', get('/v1/post/stock', admin)],
  ['a change', increment('/v1/post/likes')],
  ['the page of a counter', get('/v1/post/likes', asHtml)],
  ['the docs', get('/docs')],
  ['the errors', get('/docs/errors')],
  ['an asset', get('/assets/live-counter.js')],
  ['a refusal', get('/v1/post/stock')],
  ['a mistake', { ...increment('/v1/post/likes'), body: '<script>' }],
  ['nothing', get('/nothing')],
  ['a preflight', { method: 'OPTIONS', path: '/v1/post/likes' }],
];

describe.each(answers)('%s', (_, request) => {
  test('is loaded over HTTPS from then on, keeps its declared type, cannot be framed, and sends its address nowhere', async () => {
    const { headers } = await tally.send(request);
    expect(headers).toMatchObject({
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
  });

  test('may be read by pages of other origins, as far as the allow-list goes', async () => {
    const { headers } = await tally.send(request);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers).not.toHaveProperty('cross-origin-resource-policy');
    // No cookie ever opens anything here, so none is to be sent.
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    expect(headers).not.toHaveProperty('set-cookie');
  });
});

test('an unchanged answer carries the same headers', async () => {
  const first = await tally.send(get('/v1/post/likes'));
  const again = await tally.send(
    get('/v1/post/likes', { 'if-none-match': first.headers.etag ?? '' }),
  );
  expect(again.status).toBe(304);
  const { 'content-type': _, ...kept } = first.headers;
  expect(again.headers).toEqual(kept);
});

describe('caches tell answers apart', () => {
  const shop = 'https://shop.example.com';
  const varyOf = async (of: TallyUnderTest, path: string, headers = {}) => {
    const { headers: answered } = await of.send(get(path, headers));
    return answered.vary?.split(', ').toSorted();
  };

  test('by encoding, whether or not this one is compressed', async () => {
    for (const headers of [{}, { 'accept-encoding': 'gzip' }, { 'accept-encoding': 'br' }]) {
      expect(await varyOf(tally, '/docs', headers)).toEqual(['Accept-Encoding']);
      expect(await varyOf(tally, '/v1/post/likes', headers)).toEqual(['Accept-Encoding', 'accept']);
      expect(await varyOf(tally, '/v1/post/likes', { ...headers, ...asHtml })).toEqual([
        'Accept-Encoding',
        'accept',
      ]);
    }
  });

  test('by origin where there is an allow-list, also an answer to a request without one', async () => {
    for (const corsOrigins of [[shop], [shop, 'https://*.example.org'], []]) {
      const limited = await createTally({ corsOrigins });
      for (const headers of [{}, { origin: shop }, { origin: 'https://evil.example.com' }]) {
        expect(await varyOf(limited, '/v1/post/likes', headers)).toEqual([
          'Accept-Encoding',
          'Origin',
          'accept',
        ]);
      }
    }
    expect(await varyOf(tally, '/docs', { origin: shop })).toEqual(['Accept-Encoding']);
  });
});

describe('a page of an origin that is not on the list', () => {
  test('may read no answer of any route, nor send a request that takes a preflight', async () => {
    const limited = await createTally({ corsOrigins: ['https://shop.example.com'] });
    for (const { method, path } of routes) {
      const url = path.replaceAll(/\{(\w+)\}/g, 'a');
      for (const origin of [
        'https://evil.example.com',
        'https://shop.example.com.evil.com',
        'null',
      ]) {
        const headers = { origin, 'access-control-request-method': method };
        for (const request of [
          { method, path: url, headers },
          { method: 'OPTIONS', path: url, headers },
        ]) {
          const answer = await limited.send(request);
          expect(answer.headers, `${request.method} ${url}`).not.toHaveProperty(
            'access-control-allow-origin',
          );
        }
      }
    }
  });

  test('may read no answer at all where the list is empty', async () => {
    const closed = await createTally({ corsOrigins: [] });
    const { headers } = await closed.send(get('/v1/post/likes', { origin: 'https://a.example' }));
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('a page of an origin that is not on the list changes nothing', () => {
  const shop = 'https://shop.example.com';
  /** As a page sends it without a preflight: a form's content type, and no header of its own. */
  const asPage = (origin: string, contentType = 'text/plain;charset=UTF-8') => ({
    origin,
    'sec-fetch-site': 'cross-site',
    'content-type': contentType,
  });
  const items = [{ subject: 'post', counter: 'likes', action: 'increment' }];
  const batch = { method: 'POST', path: '/v1/batch', body: { items } };
  let limited: TallyUnderTest;
  beforeAll(async () => {
    limited = await createTallyUnderTest({
      counters: {
        likes: { kind: 'count', access: open },
        orders: { kind: 'ticket', access: open },
        visitors: { kind: 'unique', windows: ['day'], access: open },
      },
      settings: { corsOrigins: [shop, 'https://*.example.org'] },
      adminKey,
    });
  });
  const refusal = { status: 403, body: { code: 'origin_not_allowed' } };

  test.each([
    ['fetch with no-cors and a batch', batch],
    ['fetch with no-cors and a change', increment('/v1/post/likes')],
    ['sendBeacon to draw a ticket', { method: 'POST', path: '/v1/post/orders/tickets' }],
    ['a form', { ...batch, body: '{"items":[{"subject":"post","counter":"likes","a":"=' }],
    ['an image of a live address', get('/v1/post/likes/live')],
  ])('however it sends the request: %s', async (_, request) => {
    for (const origin of ['https://evil.example.com', `${shop}.evil.com`, 'null']) {
      const headers = asPage(origin);
      expect(await limited.send({ ...request, headers })).toMatchObject(refusal);
    }
    const { origin: _origin, ...withoutOrigin } = asPage('');
    expect(await limited.send({ ...request, headers: withoutOrigin })).toMatchObject(refusal);
    expect(await limited.items()).toEqual([]);
  });

  test('by any route that writes, also with a right to it', async () => {
    for (const { method, path, servedBy } of routes) {
      if (servedBy !== 'write') continue;
      const url = path.replaceAll(/\{(\w+)\}/g, 'a');
      const headers = { ...admin, ...asPage('https://evil.example.com') };
      expect(await limited.send({ method, path: url, headers }), url).toMatchObject(refusal);
    }
    expect(await limited.items()).toEqual([]);
  });

  test('while it may read what it cannot see', async () => {
    const headers = asPage('https://evil.example.com');
    expect(await limited.send(get('/v1/post/likes', headers))).toMatchObject({ status: 200 });
  });

  test('while pages on the list, Tally itself and clients that are not browsers do', async () => {
    const accepted = { status: 200 };
    for (const headers of [
      asPage(shop),
      asPage('https://a.example.org'),
      { origin: 'https://tally.example', 'sec-fetch-site': 'same-origin' },
      // As `curl -d` sends it.
      { 'content-type': 'application/x-www-form-urlencoded' },
    ]) {
      expect(await limited.send({ ...batch, headers })).toMatchObject(accepted);
      expect(await limited.send({ ...increment('/v1/post/likes'), headers })).toMatchObject(
        accepted,
      );
    }
  });

  test('for the same origins as may read answers', async () => {
    for (const origin of [
      shop,
      'https://a.example.org',
      'https://a.b.example.org',
      'https://example.org',
      'https://shop.example.com:8443',
      'https://shop.example.com.',
      'http://shop.example.com',
      'https://SHOP.example.com',
      'null',
    ]) {
      const { status, headers } = await limited.send({ ...batch, headers: asPage(origin) });
      expect('access-control-allow-origin' in headers, origin).toBe(status === 200);
    }
  });
});

describe('a page of Tally', () => {
  test.each([
    ['/v1/post/likes', asHtml],
    ['/docs', {}],
    ['/docs/errors', {}],
  ])('%s runs its own scripts only', async (path, headers) => {
    const answer = await tally.send(get(path, headers));
    const policy = answer.headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(/script-src [^;]*/.exec(policy)?.[0] ?? "script-src 'none'").toMatch(
      /^script-src(?: 'self'| 'none'| 'sha256-[A-Za-z0-9+/=]+')+$/,
    );
  });
});
