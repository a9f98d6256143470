import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defences } from '../../harness/access/defences.ts';
import { readThreats, root } from '../../harness/access/threat-table.ts';

const threats = readThreats();
const textOf = (file: string) => {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

test('the table of threats covers what has to be in it', () => {
  const attacks = threats.map(({ attack }) => attack.toLowerCase()).join('\n');
  for (const topic of [
    'replaying',
    'idempotency keys across tenants',
    'names',
    'overflow',
    'floats',
    'keys without end',
    'flooding one counter',
    'resetting',
    'origins',
    'oversized',
    'how long a comparison takes',
    'bill',
  ]) {
    expect(attacks).toContain(topic);
  }
});

describe.each(threats)('$attack', ({ attack, tests }) => {
  test('is met by tests that there are', () => {
    for (const { file, title } of tests) expect(textOf(file), `${file}: ${title}`).toContain(title);
  });

  test('has a defence that can be taken out, for `npm run defences`', () => {
    const own = defences.filter((defence) => defence.attack === attack);
    expect(own).not.toEqual([]);
    for (const { file, without, test: index = 0 } of own) {
      expect(tests[index]).toBeDefined();
      for (const [text] of without) {
        expect(textOf(file).split(text), `${file}: ${text}`).toHaveLength(2);
      }
    }
  });
});

test('every defence that can be taken out stands in the table', () => {
  const attacks = new Set(threats.map(({ attack }) => attack));
  expect(defences.filter(({ attack }) => !attacks.has(attack))).toEqual([]);
});
