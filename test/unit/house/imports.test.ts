import { globSync, readFileSync } from 'node:fs';
import { matchesGlob, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkSource } from '../../harness/house/check-source.ts';
import { areas } from '../../harness/house/import-rules.ts';

const folders = ['bench', 'bin', 'functions', 'lib', 'local', 'openapi', 'test'];
const sources = globSync(['*.ts', `{${folders.join(',')}}/**/*.{ts,mjs,js}`])
  .filter((file) => !file.split(sep).includes('node_modules'))
  .map((file) => file.replaceAll(sep, '/'));

test('every source file is called by what is in it and imports in one direction', () => {
  expect(sources).toContain('functions/rules/limits.ts');
  const problems = sources.flatMap((file) => checkSource(file, readFileSync(file, 'utf8')));
  expect(problems).toEqual([]);
});

const violations: [file: string, source: string, problem: string][] = [
  ['functions/rules/a.ts', `import { x } from '../counters/x.ts';`, 'functions/counters/x.ts'],
  ['functions/rules/a.ts', `import * as v from 'valibot';`, 'valibot'],
  ['functions/rules/a.ts', `import type { Hash } from 'node:crypto';`, 'types of node:crypto'],
  ['functions/store/a.ts', `import { x } from '../dynamo/x.ts';`, 'functions/dynamo/x.ts'],
  ['functions/store/a.ts', `import { x } from '@aws-sdk/lib';`, '@aws-sdk/lib'],
  ['functions/counters/a.ts', `export { x } from '../http/x.ts';`, 'functions/http/x.ts'],
  ['functions/counters/a.ts', `export * from '../dynamo/x.ts';`, 'functions/dynamo/x.ts'],
  ['functions/counters/a.ts', `type A = import('aws-lambda').Context;`, 'types of aws-lambda'],
  ['functions/dynamo/a.ts', `import { x } from '../counters/x.ts';`, 'functions/counters/x.ts'],
  ['functions/dynamo/a.ts', `import { x } from '../../lib/x.ts';`, 'lib/x.ts'],
  ['functions/access/a.ts', `import { x } from '../http/routes.ts';`, 'functions/http/routes.ts'],
  [
    'functions/access/a.ts',
    `import type { X } from '../http/problem.ts';`,
    'types of functions/http/problem.ts',
  ],
  ['functions/access/a.ts', `import { x } from '@aws-sdk/lib';`, '@aws-sdk/lib'],
  ['functions/access/a.ts', `import { x } from 'aws-lambda';`, 'aws-lambda'],
  ['functions/pages/a.ts', `import { x } from '../counters/x.ts';`, 'functions/counters/x.ts'],
  [
    'functions/pages/a.ts',
    `import { x } from '../http/problems.ts';`,
    'functions/http/problems.ts',
  ],
  ['functions/pages/a.ts', `import { x } from '@aws-sdk/lib';`, '@aws-sdk/lib'],
  ['functions/http/a.ts', `import '../dynamo/x.ts';`, 'functions/dynamo/x.ts'],
  ['functions/http/a.ts', `import { x } from '@aws-sdk/lib';`, '@aws-sdk/lib'],
  [
    'functions/http/a.ts',
    `import type { X } from '../runtime/a.ts';`,
    'types of functions/runtime/a.ts',
  ],
  ['functions/http/operations/a.ts', `import '../../dynamo/x.ts';`, 'functions/dynamo/x.ts'],
  ['functions/http/a-handler.ts', `import { x } from '@aws-sdk/lib';`, '@aws-sdk/lib'],
  ['functions/stream/a.ts', `import { type X } from '@aws-sdk/lib';`, '@aws-sdk/lib'],
  ['functions/stream/a.ts', `import { x } from '../http/x.ts';`, 'functions/http/x.ts'],
  ['functions/runtime/a.ts', `await import('../../local/engine.ts');`, 'local/engine.ts'],
  ['functions/runtime/a.ts', `await import(name + '.ts');`, 'a computed name'],
  ['functions/runtime/a.ts', `import { x } from '@aws-sdk/lib';`, '@aws-sdk/lib'],
  ['openapi/a.ts', `import { x } from '../functions/counters/x.ts';`, 'functions/counters/x.ts'],
  ['openapi/a.ts', `import { x } from 'aws-lambda';`, 'aws-lambda'],
  [
    'lib/a.ts',
    `import { x } from '../functions/http/schemas/read-answers.ts';`,
    'functions/http/schemas/read-answers.ts',
  ],
  ['lib/a.ts', `import { x } from '../functions/dynamo/items.ts';`, 'functions/dynamo/items.ts'],
  ['lib/a.ts', `import { x } from '@aws-sdk/lib';`, '@aws-sdk/lib'],
  ['local/a.ts', `import { x } from '../test/x.ts';`, 'test/x.ts'],
  ['bin/a.ts', `import { x } from '../test/x.ts';`, 'test/x.ts'],
  ['tally.config.ts', `import { x } from './lib/x.ts';`, 'lib/x.ts'],
  ['tally.config.ts', `import { x } from 'valibot';`, 'valibot'],
];

test.each(violations)('%s may not say %s', (file, source, problem) => {
  expect(checkSource(file, source)).toEqual([`${file}:1 imports ${problem}`]);
});

const areaOf = (file: string) => areas.find(({ files }) => matchesGlob(file, files));

describe.each(areas)('the rule for $files', (area) => {
  test('is broken by some case above', () => {
    expect(violations.filter(([file]) => areaOf(file) === area)).not.toEqual([]);
  });

  test('is for files that there are', () => {
    expect(sources.filter((file) => areaOf(file) === area)).not.toEqual([]);
  });

  test('lets in only what there is', () => {
    for (const glob of area.mayImport) expect(globSync(glob), glob).not.toEqual([]);
  });
});

test.each([
  ['functions/counters/a.ts', `import { x } from '../store/cell-store.ts';`],
  ['functions/stream/a.ts', `import type { X } from '@aws-sdk/lib';`],
  ['functions/stream/a-handler.ts', `import { x } from '../dynamo/dynamo-fold-store.ts';`],
  ['functions/dynamo/a.ts', `import { x } from '@aws-sdk/lib';`],
  ['lib/a.ts', `import { routes } from '../functions/http/routes.ts';`],
  ['functions/rules/a.ts', `/* process */ const now = new Date(at.process); f({ console: now });`],
])('%s may say %s', (file, source) => {
  expect(checkSource(file, source)).toEqual([]);
});

test.each([
  ['Date.now', 'Date.now();'],
  ['new Date()', 'new Date();'],
  ['Date()', 'Date();'],
  ['Math.random', 'const draw = Math.random;'],
  ['Temporal.Now', 'Temporal.Now.instant();'],
  ['process', 'f(process.env);'],
  ['console', 'console.log(1);'],
  ['fetch', 'f({ fetch });'],
])('the rules may not use %s', (name, source) => {
  expect(checkSource('functions/rules/a.ts', source)).toEqual([
    `functions/rules/a.ts:1 uses ${name}`,
  ]);
});

test.each(['lib/utils.ts', 'functions/http/common/page.ts', 'local/shard-manager.ts'])(
  'no file is called %s',
  (file) => {
    expect(checkSource(file, '')).toHaveLength(1);
  },
);
