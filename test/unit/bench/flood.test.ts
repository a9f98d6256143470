import { describe, expect, test } from 'vitest';
import { AddressFirewall } from '../../../bench/flood/address-firewall.ts';
import { anonymousAttacks } from '../../../bench/flood/anonymous-attacks.ts';
import { costOf, newMeter } from '../../../bench/flood/flood-costs.ts';
import { parseFloodOptions, usualFlood } from '../../../bench/flood/flood-options.ts';
import { runFlood } from '../../../bench/flood/run-flood.ts';
import { limits } from '../../../functions/rules/limits.ts';

const flood = { ...usualFlood, requests: 1_500, instances: 10 };

test('of a flood from one address little more is counted than its limit allows, and some is', async () => {
  const rows = await runFlood(flood);
  const writing = new Set(
    anonymousAttacks.flatMap((it) => (it.servedBy === 'write' ? it.name : [])),
  );
  const writes = rows.filter(({ attack }) => writing.has(attack));
  const done = writes.reduce((sum, row) => sum + row.done, 0);
  expect(done).toBeGreaterThan(0);
  // A limit that is counted by samples holds within a factor of two.
  expect(done).toBeLessThan(2 * limits.callers.addressWrites.burst);
  const all = rows.at(-1);
  expect(all).toMatchObject({ attack: 'all', requests: flood.requests, stopped: 0 });
  expect(all?.refused).toBeGreaterThan(flood.requests / 2);
});

test('a flood is the same again from the same seed', async () => {
  const small = { ...flood, requests: 300, addresses: 10 };
  expect(await runFlood(small)).toEqual(await runFlood(small));
});

describe('the firewall', () => {
  const address = '10.0.0.1';
  const sendUntil = (firewall: AddressFirewall, endMs: number) => {
    for (let atMs = 0; atMs < endMs; atMs += 100) firewall.lets(address, atMs);
  };

  test('refuses an address above its limit, some seconds later, and no other', () => {
    const firewall = new AddressFirewall(100);
    sendUntil(firewall, 10_000);
    expect(firewall.lets(address, 9_999)).toBe(true);
    expect(firewall.lets(address, 10_000)).toBe(false);
    expect(firewall.lets('10.0.0.2', 10_000)).toBe(true);
  });

  test('lets an address through again once it has been silent', () => {
    const firewall = new AddressFirewall(100);
    sendUntil(firewall, 20_000);
    expect(firewall.lets(address, 20_000)).toBe(false);
    expect(firewall.lets(address, 320_000)).toBe(true);
  });
});

test('what WAF stops costs WAF alone', () => {
  const million = { ...newMeter(), requests: 1_000_000 };
  expect(costOf(million, false)).toBeCloseTo(1.37);
  expect(costOf({ ...million, stopped: 1_000_000 }, true)).toBeCloseTo(0.6);
  expect(costOf({ ...million, writeUnits: 1_000_000, readUnits: 1_000_000 }, true)).toBeCloseTo(
    3.72,
  );
});

test.each([
  ['--requests', '0'],
  ['--rate', '1.5'],
  ['--addresses', 'many'],
  ['--seed', ''],
])('the option %s=%j is refused', (name, value) => {
  expect(() => parseFloodOptions([name, value])).toThrow(`${name} must be a whole number`);
});

test('a flood is a million requests from one address unless it is asked to be another', () => {
  expect(parseFloodOptions([])).toEqual(usualFlood);
  expect(parseFloodOptions(['--addresses', '7', '--protect'])).toEqual({
    ...usualFlood,
    addresses: 7,
    isProtected: true,
  });
});
