import { readAsset } from '../../pages/asset-files.ts';
import { assets } from '../../pages/assets.ts';
import { docsPage } from '../../pages/docs-page.ts';
import { errorsPage } from '../../pages/errors-document.ts';
import openApiDocument from '../../pages/openapi.json' with { type: 'json' };
import { pageCacheControl, pageResponse } from '../../pages/static-page.ts';
import type { Operations } from '../answer-request.ts';
import { Problem } from '../problem.ts';
import { json } from '../responses.ts';

/** What the site function serves: the description of the API. It needs neither a table nor AWS. */
export function createSiteOperations(): Operations<'site'> {
  return {
    showOpenApi: async () => json(200, openApiDocument, { 'cache-control': pageCacheControl }),
    showDocs: async () => pageResponse(docsPage),
    showErrors: async () => pageResponse(errorsPage()),
    sendAsset: async ({ params: { asset: name = '' } }) => {
      const asset = assets.get(name);
      if (!asset) throw new Problem('unknown_path', 'There is no such asset.');
      return {
        statusCode: 200,
        headers: {
          'content-type': asset.contentType,
          'cache-control': 'public, max-age=86400',
        },
        body: await readAsset(asset),
      };
    },
  };
}
