import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../../local/loopback-engine');

const digestOf = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex');

/** No compiler is there where this runs, so a change of one of them has to be noted here with the other. */
test('the class that the engine is started with was compiled from the source beside it', () => {
  expect(digestOf('LoopbackEngine.java')).toBe(
    'c4e24b33fbef38dc75b6ebda77777ce63b2593716a816088246df1966288feb2',
  );
  expect(digestOf('LoopbackEngine.class')).toBe(
    '924bc28cea163fd640c8b99692ecfb94e0bd308326f25c3120bd002de4e8116c',
  );
});
