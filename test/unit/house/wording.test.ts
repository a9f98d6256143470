import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { expect, test } from 'vitest';
import { checkWording } from '../../harness/house/check-wording.ts';

const folders = ['bench', 'bin', 'docs', 'functions', 'lib', 'local', 'openapi', 'test'];
/** They quote the phrases. */
const quoting = ['test/harness/house/check-wording.ts', 'test/unit/house/wording.test.ts'];
const files = globSync(['*.{md,ts}', `{${folders.join(',')}}/**/*.{md,ts,mjs,js}`])
  .map((file) => file.replaceAll(sep, '/'))
  .filter((file) => !quoting.includes(file));

test('comments, test titles and documents can be read once', () => {
  expect(files).toEqual(expect.arrayContaining(['README.md', 'docs/security.md']));
  expect(files.flatMap((file) => checkWording(file, readFileSync(file, 'utf8')))).toEqual([]);
});

test.each([
  ['Of', '/** Of this minute. */'],
  ['Of', '// The first sentence.\n// Of what is removed only members count.'],
  ['whoever', '/** Told to whoever asks. */'],
  ['Whoever', "test('Whoever listens is told that the server goes', f);"],
  ['for ever', 'The SDK would wait for ever.'],
  ['let be', 'Other entries are let be.'],
])('%s is found', (phrase, text) => {
  expect(checkWording('a.ts', text)).toEqual([
    expect.stringMatching(new RegExp(`^a\\.ts:\\d says "${phrase}"`)),
  ]);
});

test('names of code are not sentences', () => {
  expect(checkWording('a.ts', 'const claimsOf = deltasOf; /** All of them. */')).toEqual([]);
});
