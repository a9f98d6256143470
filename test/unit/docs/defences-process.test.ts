import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const script = join(import.meta.dirname, '../../harness/access/defences-process.ts');

test('`npm run defences` fails when it is asked for an attack that is not in the table', async () => {
  const { TALLY_DEFENCE: _, ...environment } = process.env;
  const ended = await new Promise<{ code: unknown; said: string }>((resolve) => {
    const words = ['No', 'such', 'attack'];
    execFile(process.execPath, [script, ...words], { env: environment }, (error, _out, said) =>
      resolve({ code: error?.code, said }),
    );
  });
  expect(ended.code).toBe(2);
  expect(ended.said).toContain('No attack begins with "No such attack"');
});
