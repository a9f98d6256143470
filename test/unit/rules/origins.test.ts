import { describe, expect, test } from 'vitest';
import { createOriginRule } from '../../../functions/rules/origins.ts';

const shop = 'https://shop.example.com';
const isAllowed = createOriginRule([shop, 'https://*.example.org', 'http://localhost:3000']);

describe('with an allow-list', () => {
  test.each([shop, 'https://a.example.org', 'https://A.Example.org', 'http://localhost:3000'])(
    'a page of %s may write',
    (origin) => {
      expect(isAllowed({ origin, fetchSite: 'cross-site' })).toBe(true);
      expect(isAllowed({ origin, fetchSite: undefined })).toBe(true);
    },
  );

  test.each([
    'https://evil.example.com',
    'null',
    '',
    '*',
    // Another scheme, port or host is another origin, and so is the same host with a final dot.
    'http://shop.example.com',
    'https://shop.example.com:8443',
    'https://shop.example.com:443',
    'https://shop.example.com.',
    'https://shop.example.com/',
    'https://shop.example.com.evil.com',
    'https://shopxexample.com',
    'https://evil.com#.example.org',
    'https://a.b.example.org',
    'https://a:1.example.org',
    'https://example.org',
    'https://a.example.org.evil.com',
    'http://localhost:3001',
    `${shop}, ${shop}`,
  ])('a page of "%s" may not', (origin) => {
    for (const fetchSite of ['cross-site', 'same-site', undefined]) {
      expect(isAllowed({ origin, fetchSite })).toBe(false);
    }
  });

  test('a client that is no browser may write', () => {
    expect(isAllowed({ origin: undefined, fetchSite: undefined })).toBe(true);
  });

  test('a browser that leaves out the origin may write from pages of Tally alone', () => {
    for (const [fetchSite, may] of [
      ['same-origin', true],
      ['none', true],
      ['same-site', false],
      ['cross-site', false],
    ] as const) {
      expect(isAllowed({ origin: undefined, fetchSite })).toBe(may);
    }
  });

  test('that is empty, only pages of Tally may', () => {
    const rule = createOriginRule([]);
    expect(rule({ origin: shop, fetchSite: 'cross-site' })).toBe(false);
    expect(rule({ origin: 'https://tally.example', fetchSite: 'same-origin' })).toBe(true);
  });
});

test('without an allow-list, pages of every origin may write', () => {
  const rule = createOriginRule(['*']);
  for (const origin of [shop, 'null', undefined]) {
    expect(rule({ origin, fetchSite: 'cross-site' })).toBe(true);
  }
});
