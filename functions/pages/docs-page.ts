import type { StaticPage } from './static-page.ts';

/** GET /docs: the OpenAPI document in Swagger UI, which is served from here and loads from nowhere else. */
export const docsPage: StaticPage = {
  title: 'Tally API',
  head: '<link rel="stylesheet" href="/assets/swagger-ui.css">\n',
  style: 'body { margin: 0; }',
  body: `<div id="swagger-ui"></div>
<noscript><p>This page needs JavaScript. <a href="/openapi.json">The OpenAPI document</a> does not.</p></noscript>
<script src="/assets/swagger-ui-bundle.js"></script>`,
  // Without validatorUrl: null the page would send its address to a validator on the internet.
  script: `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });`,
  loads: {
    'script-src': "'self'",
    'style-src': "'self'",
    'connect-src': "'self'",
  },
};
