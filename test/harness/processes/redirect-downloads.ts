/**
 * Loaded before a script by NODE_OPTIONS: what it downloads over HTTPS comes from the HTTP server that
 * TALLY_TEST_DOWNLOADS names. The package njre takes its URLs from nowhere else.
 */
import http from 'node:http';
import https from 'node:https';

const server = process.env.TALLY_TEST_DOWNLOADS ?? '';
const get: typeof http.get = http.get.bind(http);

https.get = (target: string | URL | http.RequestOptions, ...rest: unknown[]) =>
  Reflect.apply(get, http, [new URL(new URL(String(target)).pathname, server), ...rest]);
