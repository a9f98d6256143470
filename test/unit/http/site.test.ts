import { brotliDecompressSync } from 'node:zlib';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test, vi } from 'vitest';
import { Problem } from '../../../functions/http/problem.ts';
import { type ProblemCode, problemKinds } from '../../../functions/http/problems.ts';
import { problem } from '../../../functions/http/responses.ts';
import { routes } from '../../../functions/http/routes.ts';
import { handler } from '../../../functions/http/site-handler.ts';
import { assets } from '../../../functions/pages/assets.ts';
import {
  type ApiRequest,
  apiEvent,
  bodyBytes,
  lambdaContext,
} from '../../harness/http/api-event.ts';

const get = (path: string, headers: ApiRequest['headers'] = {}) =>
  handler(apiEvent({ method: 'GET', path, headers }), lambdaContext());

test('the OpenAPI document is served, valid, with every route in it', async () => {
  const { statusCode, headers, body = '' } = await get('/openapi.json');
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toBe('application/json');
  const document = JSON.parse(body);
  expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
  for (const { method, path } of routes) {
    expect(document.paths[path], path).toHaveProperty(method.toLowerCase());
  }
});

describe('pages', () => {
  const pages = ['/docs', '/docs/errors'];

  test.each(pages)('%s loads only what this server has', async (path) => {
    const { headers, body = '' } = await get(path);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const loaded = [...body.matchAll(/<(?:script|link)[^>]* (?:src|href)="([^"]*)"/g)]
      .map(([, url = '']) => url)
      .filter((url) => url !== 'data:,');
    for (const url of loaded) expect(await get(url), url).toMatchObject({ statusCode: 200 });
    expect(body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  test('the docs page shows the OpenAPI document', async () => {
    const { body = '' } = await get('/docs');
    for (const name of assets.keys()) {
      if (name.startsWith('swagger-ui')) expect(body).toContain(`"/assets/${name}"`);
    }
    expect(body).toContain("url: '/openapi.json'");
  });

  test.each(pages)('%s lets no script run but its own', async (path) => {
    const { headers } = await get(path);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/script-src[^;]*(?:unsafe|\*|http)/);
  });

  test.each(Object.keys(problemKinds) as ProblemCode[])(
    'the type of %s leads to its section of the errors page',
    async (code) => {
      const { type } = JSON.parse(problem(new Problem(code, '')).body ?? '');
      const { pathname, hash } = new URL(type, 'https://test.example.com');
      const { statusCode, body } = await get(pathname);
      expect(statusCode).toBe(200);
      expect(body).toContain(`<section id="${hash.slice(1)}">`);
    },
  );
});

describe('assets', () => {
  test.each([...assets])('%s is served, to be kept by browsers', async (name, { contentType }) => {
    const answer = await get(`/assets/${name}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': contentType,
      'cache-control': 'public, max-age=86400',
      'x-content-type-options': 'nosniff',
    });
    expect(bodyBytes(answer).length).toBeGreaterThan(0);
  });

  test('are compressed for clients that accept it, and are the same afterwards', async () => {
    const plain = await get('/assets/swagger-ui-bundle.js');
    const brotli = await get('/assets/swagger-ui-bundle.js', { 'accept-encoding': 'br' });
    expect(brotli.headers).toMatchObject({ 'Content-Encoding': 'br', etag: plain.headers.etag });
    expect(bodyBytes(brotli).length).toBeLessThan(bodyBytes(plain).length / 3);
    expect(brotliDecompressSync(bodyBytes(brotli)).equals(bodyBytes(plain))).toBe(true);
  });

  test('are not sent again to a client that has them', async () => {
    const { headers } = await get('/assets/swagger-ui.css');
    const again = await get('/assets/swagger-ui.css', { 'if-none-match': headers.etag ?? '' });
    expect(again.statusCode).toBe(304);
    expect(again.body ?? '').toBe('');
  });

  test.each([
    '/assets/unknown.js',
    '/assets/',
    '/assets/package.json',
    '/assets/toString',
    '/assets/..%2f..%2fpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '/assets/%2e%2e%2fpackage.json',
    '/assets/../package.json',
    '/assets/swagger-ui.css%00.js',
    '/assets/swagger-ui.css/..',
    '/assets//etc/passwd',
    '/assets/%2fetc%2fpasswd',
    '/assets/%',
  ])('%s is not found', async (path) => {
    const { statusCode, headers, body = '' } = await get(path);
    expect(statusCode).toBe(404);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ code: 'unknown_path', status: 404 });
  });
});

test('the site needs neither a table nor credentials', async () => {
  vi.resetModules();
  for (const name of Object.keys(process.env)) {
    if (/^(?:AWS|TALLY)_/.test(name)) vi.stubEnv(name, undefined);
  }
  const fresh = await import('../../../functions/http/site-handler.ts');
  vi.unstubAllEnvs();
  expect(
    await fresh.handler(apiEvent({ method: 'GET', path: '/docs' }), lambdaContext()),
  ).toMatchObject({
    statusCode: 200,
  });
});
