/** The files that pages of Tally load, by the last segment of their address; nothing else is served. */
export interface Asset {
  readonly contentType: string;
  /** Where a checkout has the file, from the project's root. */
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
