import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Listening, listen, ownName } from '../../../local/listen.ts';
import { isReachable } from '../../harness/processes/is-reachable.ts';
import { otherAddress } from '../../harness/processes/other-address.ts';

let server: Server;
let listening: Listening;

beforeEach(() => {
  server = createServer((_request, response) => response.end('counted'));
});

afterEach(async () => {
  server.closeAllConnections();
  await listening.close();
});

test('without a host it listens on loopback alone', async () => {
  listening = await listen(server, { host: undefined, port: 0 });
  expect(await isReachable('127.0.0.1', listening.port)).toBe(true);
  expect(await isReachable('localhost', listening.port)).toBe(true);
  expect(await isReachable(otherAddress(), listening.port)).toBe(false);
});

test('a host is listened on', async () => {
  listening = await listen(server, { host: '0.0.0.0', port: 0 });
  expect(await isReachable(otherAddress(), listening.port)).toBe(true);
});

test('an address of IPv6 is served as well, where there is one, until the server is closed', async () => {
  listening = await listen(server, { host: undefined, port: 0 });
  const hasIpv6 = await isReachable('::1', listening.port);
  const answer = await fetch(`http://${hasIpv6 ? '[::1]' : '127.0.0.1'}:${listening.port}`);
  expect(await answer.text()).toBe('counted');
  server.closeAllConnections();
  await listening.close();
  expect(await isReachable('::1', listening.port)).toBe(false);
  expect(await isReachable('127.0.0.1', listening.port)).toBe(false);
});

test('a port that is taken is an error', async () => {
  listening = await listen(server, { host: undefined, port: 0 });
  const second = createServer();
  await expect(listen(second, { host: undefined, port: listening.port })).rejects.toThrow(
    'EADDRINUSE',
  );
});

test.each([
  [undefined, 'localhost'],
  ['0.0.0.0', 'localhost'],
  ['::', 'localhost'],
  ['192.168.1.5', '192.168.1.5'],
  ['fd00::5', '[fd00::5]'],
  ['tally.test', 'tally.test'],
])('a server on %s is called %s', (host, name) => {
  expect(ownName(host)).toBe(name);
});
