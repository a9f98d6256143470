/**
 * Loaded before a script by NODE_OPTIONS: what it downloads over HTTPS comes from the HTTP server that
 * TALLY_TEST_DOWNLOADS names. The package njre takes its URLs from nowhere else.
 */
import http from 'node:http';
import https from 'node:https';

const server = process.env.TALLY_TEST_DOWNLOADS ?? '';
const get = http.get.bind(http);

https.get = (url: string | URL | http.RequestOptions, ...rest: unknown[]) => {
  if (!(url instanceof URL)) throw new TypeError('a URL is expected, as njre passes it');
  return Reflect.apply(get, http, [new URL(url.pathname, server), ...rest]);
};
