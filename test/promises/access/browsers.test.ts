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
