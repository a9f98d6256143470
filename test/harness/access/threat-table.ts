/** The tables of threats in docs/security.md, as data. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

export interface ThreatTest {
  readonly file: string;
  readonly title: string;
}

export interface Threat {
  readonly attack: string;
  readonly defence: string;
  readonly tests: readonly ThreatTest[];
}

export function readThreats(): Threat[] {
  const text = readFileSync(join(root, 'docs/security.md'), 'utf8');
  const tables = text.matchAll(
    /^\| attack +\| defence +\| test +\|\n\|[- |]+\|\n((?:\|.*\|\n)+)/gm,
  );
  return [...tables]
    .flatMap(([, table = '']) => table.trimEnd().split('\n'))
    .map((row) => {
      const [, attack = '', defence = '', tests = ''] = row.split('|').map((cell) => cell.trim());
      return { attack, defence, tests: tests.split('<br>').map(parseTest) };
    });
}

function parseTest(cell: string): ThreatTest {
  const [, file = '', title = ''] = /^`([^`]+)` (.+)$/.exec(cell.trim()) ?? [];
  return { file, title };
}
