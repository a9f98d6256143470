import { beforeEach, describe, expect, test } from 'vitest';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
    },
  });
});

const get = (
  path: string,
  headers: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string>> = {},
) => tally.send({ method: 'GET', path, headers, query });

describe('the page of a counter', () => {
  test('is for browsers, and says the count', async () => {
    await tally.change('post-42/likes', 1234);
    const { status, headers, body } = await get('/v1/post-42/likes', {
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('1,234');
    expect(body).toContain('post-42');
  });

  test.each(['*/*', 'application/json', 'application/json, text/html;q=0.5', 'image/png', ''])(
    'is not for clients that would rather have JSON: Accept: %s',
    async (accept) => {
      const { headers } = await get('/v1/post/likes', { accept });
      expect(headers['content-type']).toBe('application/json');
    },
  );

  test('is not for a window, whose count nobody publishes', async () => {
    const query = { window: 'all' };
    const { status, headers } = await get('/v1/post/likes', { accept: 'text/html' }, query);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json');
  });

  test('runs no script but that of this server, whatever the subject is called', async () => {
    const { headers, body } = await get('/v1/a~b:c._-/likes', { accept: 'text/html' });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toMatch(/script-src 'self'(?:;|$)/);
    const scripts = [...String(body).matchAll(/<script[^>]*>([^<]*)/g)];
    for (const [tag, inline] of scripts) {
      expect(tag).toMatch(/ src="\/[^/"]/);
      expect(inline).toBe('');
    }
    expect(body).not.toMatch(/\son\w+=/);
  });

  test('is not made for names that would be markup', async () => {
    for (const subject of ['%3Cscript%3Ealert(1)%3C%2Fscript%3E', '%22onload=alert(1)', "'--%3E"]) {
      const { status, headers, body } = await get(`/v1/${subject}/likes`, { accept: 'text/html' });
      expect(status).toBe(400);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(JSON.stringify(body)).not.toContain('<');
    }
  });

  test('is told apart from JSON by its ETag', async () => {
    const asJson = await get('/v1/post/likes');
    const { status } = await get('/v1/post/likes', {
      accept: 'text/html',
      'if-none-match': asJson.headers.etag ?? '',
    });
    expect(status).toBe(200);
  });
});
