import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { checkNamedThings, type Things } from '../../harness/docs/named-things.ts';

const read = (file: string) => readFileSync(file, 'utf8');
const isForeign = (path: string) => /(?:^|[/\\])(?:node_modules|cdk\.out)$/.test(path);
const files = globSync(['**/*', '.*', '.{ci,github,vscode}/**/*'], { exclude: isForeign }).map(
  (file) => file.replaceAll(sep, '/'),
);
const documents = files.filter((file) => /^(?:docs\/)?[\w-]+\.md$/.test(file));
const sources = files.filter((file) =>
  /^(?:bench|bin|functions|lib|local|test)\/(?!unit\/docs\/).*\.(?:ts|mjs)$/.test(file),
);
const sourceText = sources.map(read).join('\n');

const things: Things = {
  files,
  scripts: Object.keys(packageJson.scripts),
  knowsVariable: (name) => new RegExp(`\\b${name}\\b`).test(sourceText),
  read,
};

test.each(documents)('%s names only files, scripts and variables that exist', (file) => {
  expect(checkNamedThings(file, read(file), things)).toEqual([]);
});

test('comments name only sources and documents that exist', () => {
  const comment = /^\s*(?:\/\*\*|\*|\/\/).*/gm;
  const fileInText = /(?<![\w/*.-])(?:[\w.-]+\/)*[\w-][\w.-]*\.(?:ts|md)\b/g;
  const isThere = (name: string) => files.some((file) => `/${file}`.endsWith(`/${name}`));
  const named = files
    .filter((file) => /\.(?:ts|mjs|js)$/.test(file))
    .flatMap((file) =>
      [...read(file).matchAll(comment)]
        .flatMap(([line]) => line.match(fileInText) ?? [])
        .map((name) => ({ file, name })),
    );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ name }) => !isThere(name))).toEqual([]);
});

test('the picture of the rooms has every folder there is, and no other', () => {
  const picture = /^## Rooms\n+```\n(.*?)^```/ms.exec(read('docs/architecture.md'))?.[1] ?? '';
  const drawn = [...picture.matchAll(/^( *)([\w/]+)\/ /gm)].map(([, indent, folder = '']) =>
    indent === '' ? folder : `functions/${folder}`,
  );
  const rooms = files
    .filter((file) => /\/.*\.(?:ts|md)$/.test(file) && !file.startsWith('.'))
    .map((file) => /^functions\/http\/\w+(?=\/)|^functions\/\w+(?=\/)|^\w+/.exec(file)?.[0]);
  expect(new Set(drawn)).toEqual(new Set(['functions', ...rooms]));
});

test('the documents for newcomers are among those that are checked', () => {
  expect(documents).toEqual(
    expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/architecture.md']),
  );
});

const few: Things = {
  files: ['docs/guide.md', 'functions/rules/limits.ts', 'README.md'],
  scripts: ['check'],
  knowsVariable: (name) => name === 'PORT',
  read: () => '# Guide\n\n## What may be lost\n',
};

test.each([
  ['a file', '`functions/rules/limit.ts`'],
  ['a file by its name alone', '`limit.ts`'],
  ['a folder', '`functions/rule/`'],
  ['a link', '[limits](../functions/rules/limit.ts)'],
  ['a heading', '[more](guide.md#what-may-be-late)'],
  ['a heading of its own', '[more](#what-may-be-late)'],
  ['a script', '`npm run checks`'],
  ['a script in a block', '```sh\nnpm test\n```'],
  ['a variable', '`POST_BOX`'],
  ['a variable of one word', '`PORTS`'],
  ['a variable in a block', '```sh\nHARBOUR=0 npm run check\n```'],
])('%s that does not exist is found', (_what, markdown) => {
  expect(checkNamedThings('docs/guide.md', markdown, few)).toHaveLength(1);
});

test.each([
  ['a file', '`functions/rules/limits.ts`, `limits.ts` and `../README.md`'],
  ['a folder', '`functions/rules/`'],
  ['a link', '[limits](../functions/rules/limits.ts) and https://example.com/limit.ts'],
  ['a heading', '[more](guide.md#what-may-be-lost), [here](#guide)'],
  ['a script', '`npm run check`'],
  [
    'a variable',
    '`PORT`, and `GET` is none\n```sh\nPORT=0 npm run check\nURL=http://localhost\n```',
  ],
])('%s that exists is accepted', (_what, markdown) => {
  expect(checkNamedThings('docs/guide.md', markdown, few)).toEqual([]);
});
