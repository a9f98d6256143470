/** The files that pages load, by the last segment of their address. Nothing else is served. */
export interface Asset {
  readonly contentType: string;
  /** The path of the file in a checkout, from the project's root. */
  readonly source: string;
}

export const assets: ReadonlyMap<string, Asset> = new Map([
  [
    'live-counter.js',
    { contentType: 'text/javascript; charset=utf-8', source: 'functions/pages/live-counter.js' },
  ],
  [
    'swagger-ui.css',
    {
      contentType: 'text/css; charset=utf-8',
      source: 'node_modules/swagger-ui-dist/swagger-ui.css',
    },
  ],
  [
    'swagger-ui-bundle.js',
    {
      contentType: 'text/javascript; charset=utf-8',
      source: 'node_modules/swagger-ui-dist/swagger-ui-bundle.js',
    },
  ],
]);
