import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assets as pageAssets } from '../../../functions/pages/assets.ts';
import { bundleFunctions, type FunctionAssets } from '../../harness/stack/function-assets.ts';

let assets: FunctionAssets;
beforeAll(() => {
  assets = bundleFunctions();
});
afterAll(() => assets[Symbol.dispose]());

test('a function is one file, its map and nothing else', () => {
  expect(readdirSync(assets.folderOf('read')).toSorted()).toEqual(['index.mjs', 'index.mjs.map']);
  expect(readdirSync(assets.folderOf('write')).toSorted()).toEqual(['index.mjs', 'index.mjs.map']);
  expect(readdirSync(assets.folderOf('stream')).toSorted()).toEqual(['index.mjs', 'index.mjs.map']);
});

test('the site function carries the files that its pages load', () => {
  const folder = join(assets.folderOf('site'), 'assets');
  expect(readdirSync(folder).toSorted()).toEqual([...pageAssets.keys()].toSorted());
  expect(statSync(join(folder, 'swagger-ui-bundle.js')).size).toBeGreaterThan(1_000_000);
});

test.each(['read', 'write', 'stream'] as const)(
  '%s finds its credentials in the environment only',
  (name) => {
    const { sources } = JSON.parse(
      readFileSync(join(assets.folderOf(name), 'index.mjs.map'), 'utf8'),
    );
    expect(sources.some((source: string) => source.endsWith('runtime/lambda-credentials.ts'))).toBe(
      true,
    );
    expect(
      sources.filter((source: string) => /credential-provider-(node|ini|sso|http)/.test(source)),
    ).toEqual([]);
  },
);

test('the site function carries no AWS SDK', () => {
  const { sources } = JSON.parse(
    readFileSync(join(assets.folderOf('site'), 'index.mjs.map'), 'utf8'),
  );
  expect(sources.filter((source: string) => source.includes('@aws-sdk/client-'))).toEqual([]);
});
