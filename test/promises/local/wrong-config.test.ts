import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const mistakes = `tally.config.ts is not valid:
  counter "likes": colour is not a known field
  counter "likes": size is not a known field
  settings: timezone is not a known field
`;

test.each([
  ['npm start', 'bin/local.ts', []],
  ['cdk synth', 'bin/app.ts', []],
  ['the command line', 'bin/tally.ts', ['keys', 'list']],
])(
  '%s names all mistakes of the configuration, without a stack trace, before it starts anything',
  async (_, script, args) => {
    const dataFolder = join(tmpdir(), `tally-wrong-config-${process.pid}`);
    const preload = join(root, 'test/harness/processes/wrong-config.ts');
    const ended = await new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        ['--import', preload, join(root, script), ...args],
        { env: { ...process.env, PORT: '0', TALLY_DATA: dataFolder } },
        (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
      );
    });
    expect(ended).toEqual({ code: 1, stdout: '', stderr: mistakes });
    expect(existsSync(dataFolder)).toBe(false);
  },
);
