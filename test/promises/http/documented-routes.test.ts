import { beforeAll, expect, test } from 'vitest';
import document from '../../../functions/pages/openapi.json' with { type: 'json' };
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

const examples: Readonly<Record<string, string>> = {
  subject: 'post-42',
  counter: 'likes',
  member: 'ana',
  user: 'ana',
  key: '9f86d081884c7d65',
  asset: 'docs.css',
};

let tally: TallyUnderTest;
beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: {
      counter: { kind: 'count', access: open },
      likes: { kind: 'count', access: open },
    },
  });
});

const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
);

test.each(documented)('what is documented is answered: %s %s', async (method, template) => {
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => examples[name] ?? name);
  const { status, body } = await tally.send({ method, path });
  expect(body).not.toMatchObject({ code: 'unknown_path', detail: 'No route has this path.' });
  expect([405, 500]).not.toContain(status);
});

test.each(['PATCH', 'PUT', 'POST', 'DELETE', 'GET'])(
  'no method is answered that is not documented: %s',
  async (method) => {
    const undocumented = Object.entries(document.paths).filter(
      ([, methods]) => !(method.toLowerCase() in methods),
    );
    for (const [template] of undocumented) {
      const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => examples[name] ?? name);
      const { status } = await tally.send({ method, path });
      expect([404, 405], `${method} ${path}`).toContain(status);
    }
  },
);
