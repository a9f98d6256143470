import { expect, test } from 'vitest';
import { ownHosts } from '../../../local/own-hosts.ts';

const isOwn = ownHosts(['tally.test']);

test.each([
  'localhost',
  'localhost:8787',
  'LOCALHOST:1',
  'localhost.:8787',
  'shop.localhost:8787',
  '127.0.0.1:8787',
  '[::1]:8787',
  '192.168.1.5:8787',
  'tally.test:8787',
  'Tally.Test',
])('the host %s is this server', (host) => {
  expect(isOwn(host)).toBe(true);
});

test.each([
  undefined,
  '',
  'attacker.example',
  'attacker.example:8787',
  'localhost.attacker.example',
  'attackerlocalhost',
  '127.0.0.1.attacker.example:8787',
  'not-tally.test',
  'tally.test@attacker.example',
  'localhost:8787:1',
  'localhost, attacker.example',
  '[localhost',
])('the host %s is another one', (host) => {
  expect(isOwn(host)).toBe(false);
});
