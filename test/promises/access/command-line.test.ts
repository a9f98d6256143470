/** The operator's command line, as a process of its own, against a table. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import { bearer, get, increment, storeKeys } from '../../harness/access/callers.ts';
import { createTestTable, type TestTable } from '../../harness/engine/test-table.ts';
import { scanTable } from '../../harness/ledger-delivery.ts';
import {
  createTallyUnderTest,
  keyed,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const script = join(import.meta.dirname, '../../../bin/tally.ts');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let table: TestTable;
let tally: TallyUnderTest;
beforeAll(async () => {
  table = await createTestTable();
  tally = await createTallyUnderTest({
    counters: { stock: { kind: 'count', access: keyed } },
    table,
  });
});

async function run(args: readonly string[], environment: object = {}): Promise<Ended> {
  const { [environmentNames.table]: _, ...inherited } = process.env;
  const env = { ...inherited, AWS_ENDPOINT_URL_DYNAMODB: table.endpoint, ...environment };
  try {
    const ended = await promisify(execFile)(process.execPath, [script, ...args], { env });
    return { code: 0, ...ended };
  } catch (error) {
    return error as Ended;
  }
}

const keys = (...args: string[]) => run(['keys', ...args, '--table', table.tableName]);
const all = ['--actions', 'admin,read,write', '--subjects', '*'];

describe('the first key', () => {
  test('can be made where there is none yet, and is printed alone, for a program to read', async () => {
    const { code, stdout, stderr } = await keys('create', ...all);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^tally_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n$/);
    expect(stderr).toBe('The API key cannot be shown again.\n');
    const headers = bearer(stdout.trim());
    expect(await tally.send(increment('/v1/resto-7/stock', headers))).toMatchObject({
      status: 200,
    });
    expect(await tally.send(get('/v1/keys', headers))).toMatchObject({ status: 200 });
  });

  test('needs no flag where the environment names the table', async () => {
    const named = { [environmentNames.table]: table.tableName };
    expect(await run(['keys', 'create', ...all], named)).toMatchObject({ code: 0 });
    const { code, stderr } = await run(['keys', 'list']);
    expect([code, stderr]).toEqual([1, '--table is missing: which table?\n']);
  });
});

describe('a key', () => {
  test('is good for what the flags say', async () => {
    const rights = ['--actions', 'read, write', '--subjects', 'resto-7, resto-7:*'];
    const restrictions = ['--counters', 'stock', '--calls-per-minute', '2'];
    const { stdout } = await keys('create', ...rights, ...restrictions);
    const headers = bearer(stdout.trim());
    for (const [subject, status] of [
      ['resto-7', 200],
      ['resto-8', 403],
      ['resto-7:2', 429],
    ] as const) {
      expect(await tally.send(get(`/v1/${subject}/stock`, headers))).toMatchObject({ status });
    }
  });

  test('is listed with all but its secret, and revoked by its id', async () => {
    const { stdout: key } = await keys('create', '--actions', 'read', '--subjects', 'resto-9');
    const [, id = '', secret = ''] = key.trim().split('_');
    await tally.send(get('/v1/resto-9/stock', bearer(key.trim())));
    const listed = (await keys('list')).stdout.split('\n').find((line) => line.startsWith(id));
    expect(listed).toContain('last used 2096-02-28');
    expect(listed).toContain('{"actions":["read"],"subjects":["resto-9"]}');
    expect(listed).not.toContain(secret);
    expect(await keys('revoke', id)).toMatchObject({ code: 0, stdout: '' });
    const none = { code: 1, stdout: '', stderr: 'There is no API key with this id.\n' };
    expect(await keys('revoke', id)).toMatchObject(none);
    expect((await keys('list')).stdout).not.toContain(id);
  });

  test('is revoked by the whole of it as well, and its secret is not printed', async () => {
    const { stdout: key } = await keys('create', '--actions', 'read', '--subjects', 'resto-9');
    const [, id = ''] = key.split('_');
    expect(await keys('revoke', key.trim())).toMatchObject({ code: 0, stdout: '' });
    expect((await keys('list')).stdout).not.toContain(id);
    for (const noLonger of [key.trim(), `${key.trim()}!`]) {
      const { code, stdout, stderr } = await keys('revoke', noLonger);
      expect([code, stdout + stderr]).toEqual([1, 'There is no API key with this id.\n']);
    }
  });

  test('is refused where there are a thousand, as by HTTP', async () => {
    const full = await createTestTable();
    await storeKeys(full, limits.apiKeys);
    expect(await run(['keys', 'create', ...all, '--table', full.tableName])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'There are 1000 API keys; revoke some.\n',
    });
    expect(await scanTable(full)).toHaveLength(limits.apiKeys);
  });
});

describe('a mistake', () => {
  test.each<[what: string, args: string[], says: RegExp]>([
    ['nothing', [], /^Usage:/],
    ['an unknown command', ['keys', 'steal'], /^Usage:/],
    ['an id too many', ['keys', 'revoke', 'a', 'b'], /^Usage:/],
    ['an unknown flag', ['keys', 'list', '--tabel', 'x'], /^There is no flag '--tabel'\.\n/],
    ['a flag without a value', ['keys', 'list', '--table'], /^--table needs a value\.\n$/],
    ['a value too many', ['keys', 'list', '--help=no'], /^--help takes no value\.\n$/],
    ['no actions', ['keys', 'create', '--subjects', '*'], /^--actions is missing/],
    ['no subjects', ['keys', 'create', '--actions', 'read'], /^--subjects is missing/],
    [
      'an unknown action',
      ['keys', 'create', '--actions', 'read,own', '--subjects', '*'],
      /^--actions must be one of read, write, admin, not "own"\.\n$/,
    ],
    [
      'a subject that is not a name',
      ['keys', 'create', '--actions', 'read', '--subjects', 'a b'],
      /^--subjects must be a subject, or the beginning of one followed by \*\.\n$/,
    ],
    [
      'an action again',
      ['keys', 'create', '--actions', 'read,read', '--subjects', '*'],
      /^--actions has an action twice\.\n$/,
    ],
    [
      'a subject that there cannot be',
      ['keys', 'create', '--actions', 'read', '--subjects', 'users'],
      /^--subjects is a reserved name/,
    ],
    [
      'a counter that is not defined',
      ['keys', 'create', ...all, '--counters', 'likes,nope'],
      /^--counters names no counter that is defined, "nope"; the counters are counter, likes/,
    ],
    [['keys', 'create', ...all, '--counters', ''], /^--counters must be 1 to 32 /],
    [
      'a limit that is not a number',
      ['keys', 'create', ...all, '--calls-per-minute', 'ten'],
      /^--calls-per-minute must be a number\.\n$/,
    ],
    [
      'a limit of nothing',
      ['keys', 'create', ...all, '--calls-per-minute', '0'],
      /^--calls-per-minute must be at least 1\.\n$/,
    ],
  ])('ends with a sentence, makes nothing, and shows no stack: %s', async (_, args, says) => {
    const before = await scanTable(table);
    const named = { [environmentNames.table]: table.tableName };
    const { code, stdout, stderr } = await run(args, named);
    expect(stderr).toMatch(says);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).not.toMatch(/\n\s+at |node:internal/);
    expect(await scanTable(table)).toEqual(before);
  });

  test('in the name of the table is reported as DynamoDB reports it', async () => {
    const { code, stderr } = await run(['keys', 'list', '--table', 'no-such-table']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/table/i);
  });
});

test('--help explains it, and succeeds', async () => {
  for (const flag of ['--help', '-h']) {
    const { code, stdout } = await run([flag]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage:/);
    expect(stdout.match(/.*node bin\/tally.ts/g)).toEqual(Array(3).fill('  npx node bin/tally.ts'));
    expect(stdout).toContain("--actions read,write,admin --subjects '*'");
  }
});
