import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { needsOf } from '../../../bin/setup/needs.mjs';

const tests = 'test/harness/run.ts';
const nothing = { java: false, chromium: false };
const engine = { java: true, chromium: false };
const everything = { java: true, chromium: true };

test.each([
  [[], everything],
  [['--project', 'unit'], nothing],
  [['--project=unit', '--watch'], nothing],
  [['--project', 'promises'], everything],
  [['test/unit/rules/fold.test.ts'], nothing],
  [['./test/unit/rules/', 'test\\unit\\http\\site.test.ts:12'], nothing],
  [['--inspect-brk', 'test/unit/rules/fold.test.ts', '-t', 'folds'], nothing],
  [['test/unit/rules/fold.test.ts', 'test/promises/count/reads.test.ts'], engine],
  [['test/promises/count/reads.test.ts'], engine],
  [['test/promises/live/counter-page-in-browser.test.ts'], everything],
  [['test/promises/live'], everything],
  // These only look like the names of unit tests.
  [['unit'], everything],
  [['-t', 'test/unit/rules/fold.test.ts'], everything],
])('a test run with %o needs %o', (args, needs) => {
  expect(needsOf(tests, args, {})).toEqual(needs);
});

test('a server needs no Java for an engine that runs already', () => {
  const env = { AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:8000' };
  for (const script of ['bin/local.ts', 'bin/dev.ts']) {
    expect(needsOf(script, [], {})).toEqual(engine);
    expect(needsOf(script, [], env)).toEqual(nothing);
  }
  expect(needsOf(tests, [], env)).toEqual(everything);
});

test('the stream lab needs no Java', () => {
  expect(needsOf('bench/lab.ts', ['--shards', '4'], {})).toEqual(nothing);
  expect(needsOf('bench/units.ts', [], {})).toEqual(engine);
});

test('the name of a test tells that it drives a browser', () => {
  const drivers = globSync('test/{unit,promises}/**/*.test.ts').filter((file) =>
    /from '.*\/live\/browser\.ts'/.test(readFileSync(file, 'utf8')),
  );
  expect(drivers).not.toEqual([]);
  expect(drivers.filter((file) => !file.endsWith('-in-browser.test.ts'))).toEqual([]);
});
