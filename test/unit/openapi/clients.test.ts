/** What people make of the OpenAPI document with common tools. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConfig, lint } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const document = join(root, 'functions/pages/openapi.json');
const run = promisify(execFile);

test('a linter has nothing to say about the document', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    // No subject is called `keys` or `users`: `reservedSubjects` keeps such paths apart.
    rules: { 'no-ambiguous-paths': 'off' },
  });
  const findings = await lint({ ref: document, config });
  const places = findings.map(({ ruleId, message, location: [place] }) => [
    ruleId,
    message,
    place && 'pointer' in place ? place.pointer : undefined,
  ]);
  expect(places).toEqual([]);
});

describe('a client with generated types', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tally-client-'));
    const generator = join(root, 'test/harness/contract/client-types-process.ts');
    const { stdout } = await run(process.execPath, [generator, document], {
      maxBuffer: 10_000_000,
    });
    await writeFile(join(folder, 'openapi.d.ts'), stdout);
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** @returns what the compiler says of a client with these lines */
  async function compile(lines: string): Promise<string> {
    const client = join(folder, 'client.ts');
    await writeFile(
      client,
      `import type { components, operations } from './openapi.d.ts';
type Schemas = components['schemas'];
type Body<Operation extends { requestBody?: unknown }> =
  NonNullable<Operation['requestBody']> extends { content: { 'application/json': infer B } } ? B : never;
type Change = Body<operations['changeCounter']>;
${lines}
export {};
`,
    );
    const options = '--strict --exactOptionalPropertyTypes --noEmit --skipLibCheck --types';
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const args = [compiler, ...options.split(' '), '', '--allowImportingTsExtensions', client];
    return run(process.execPath, args, { cwd: folder }).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );
  }

  test('compiles where it sends what may be sent and reads what is answered', async () => {
    const errors = await compile(`
const changes: Change[] = [{ action: 'increment' }, { action: 'decrement', amount: 3 }];
const settings: Schemas['SettingsBody'] = { time_zone: 'Europe/Berlin' };
const pass: Schemas['PassBody'] = { member: 'ana', actions: ['read'], subject: 'post-42' };
const batch: Schemas['BatchBody'] = {
  items: [
    { subject: 'post-42', counter: 'likes', action: 'read' },
    { subject: 'post-42', counter: 'likes', action: 'increment' },
  ],
};
declare const answer: Schemas['BatchAnswer'];
for (const result of answer.results) {
  if ('code' in result) console.log(result.code.toUpperCase(), result.detail);
  else if (result.status === 204) console.log(result.replayed === true);
  else if ('choices' in result) console.log(result.choices['like']);
  else if ('count' in result) console.log(result.count.toFixed());
}
declare const changed: operations['changeCounter']['responses'][200]['content']['application/json'];
console.log(changed.count + changed.version, changed.pending);
`);
    expect(errors).toBe('');
  });

  test.each([
    ['an action that is none', `const change: Change = { action: 'double' };`, `"double"`],
    ['an unknown field', `const change: Change = { action: 'set', vlaue: 3 };`, 'vlaue'],
    ['no action', 'const change: Change = { amount: 3 };', 'action'],
    [
      'a change of a batch without a counter',
      `const item: Schemas['BatchItem'] = { subject: 'post-42', action: 'increment' };`,
      "'counter' is missing",
    ],
    [
      'a member of no result',
      `declare const answer: Schemas['BatchAnswer'];
answer.results.map((result) => result.total);`,
      'total',
    ],
  ])('does not compile with %s', async (_, lines, names) => {
    expect(await compile(lines)).toContain(names);
  });
});
