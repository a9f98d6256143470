import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpHandler } from '../../../functions/http/http-function.ts';
import { assets } from '../../../functions/pages/assets.ts';
import { apiEvent, lambdaContext } from '../../harness/http/api-event.ts';
import { bundleFunctions, type FunctionAssets } from '../../harness/stack/function-assets.ts';

let bundles: FunctionAssets;
beforeAll(() => {
  bundles = bundleFunctions();
});
afterAll(() => bundles[Symbol.dispose]());

test('as Lambda gets it, the site function has every asset', async () => {
  const file = join(bundles.folderOf('site'), 'index.mjs');
  const { handler } = (await import(/* @vite-ignore */ file)) as { handler: HttpHandler };
  for (const name of assets.keys()) {
    const event = apiEvent({ method: 'GET', path: `/assets/${name}` });
    expect(await handler(event, lambdaContext()), name).toMatchObject({ statusCode: 200 });
  }
});
