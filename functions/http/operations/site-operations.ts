/** HTTP operations that describe the API. They need neither a table nor AWS. */
import { readAsset } from '../../pages/asset-files.ts';
import { assets } from '../../pages/assets.ts';
import { docsPage } from '../../pages/docs-page.ts';
import { errorsPage } from '../../pages/errors-document.ts';
import openApiDocument from '../../pages/openapi.json' with { type: 'json' };
import { pageCacheControl, renderPage, type StaticPage } from '../../pages/static-page.ts';
import type { Operations } from '../operation.ts';
import { Problem } from '../problem.ts';
import { problemKinds } from '../problems.ts';
import { type HttpResponse, html, json } from '../responses.ts';

export function createSiteOperations(): Operations<'site'> {
  return {
    showOpenApi: async () => json(200, openApiDocument, { 'cache-control': pageCacheControl }),
    showDocs: async () => pageResponse(docsPage),
    showErrors: async () => pageResponse(errorsPage(problemKinds)),
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

function pageResponse(page: StaticPage): HttpResponse {
  const { html: body, headers } = renderPage(page);
  return html(body, headers);
}
