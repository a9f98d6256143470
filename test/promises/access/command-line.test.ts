/** The operator's command line, as a process of its own, against a table. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromWire } from '../../../functions/dynamo/dynamo-clients.ts';
import { secretItemKey } from '../../../functions/dynamo/item-keys.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import { bearer, get, increment, storeKeys } from '../../harness/access/callers.ts';
import { createTestTable, type TestTable } from '../../harness/engine/test-table.ts';
import { scanTable } from '../../harness/ledger-delivery.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
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
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^The table is missing\. Name it by /),
    ]);
  });
});

describe('the secret', () => {
  const rotate = (...args: string[]) =>
    run(['secret', 'rotate', ...args, '--table', table.tableName]);
  const secretOf = async () => {
    const stored = (await scanTable(table)).map(fromWire).find(({ pk }) => pk === secretItemKey.pk);
    return {
      versions: (stored?.s ?? []) as [id: number, bytes: unknown, from: number, end: number][],
    };
  };

  test('is rotated without ending a pass, or with that, and is not printed', async () => {
    const first = await rotate();
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toMatch(/^Version 2 of the secret signs from \S+Z on; passes stay valid /);
    const kept = await secretOf();
    expect(kept.versions.map(([id]) => id)).toEqual([1, 2]);
    const [[, , , endsAtMs] = []] = kept.versions;
    expect(endsAtMs).toBeGreaterThan(Date.now() + (limits.keepSecretSeconds - 60) * 1000);
    const second = await rotate('--end-passes');
    expect(second.stderr).toMatch(
      /^Version 3 of the secret signs from \S+Z on; then all passes end\./,
    );
    const { versions } = await secretOf();
    const newest = versions.at(-1);
    expect(versions.slice(0, -1).every(([, , , end]) => end === newest?.[2])).toBe(true);
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
    ['nothing', [], /^A command is missing\.\n\nUsage: /],
    ['half a command', ['keys'], /^A command is missing\.\n\nUsage: .* keys /],
    ['an unknown command', ['keys', 'lst'], /^There is no command 'lst'\. Did you mean list\?\n/],
    ['an unknown topic', ['kyes', 'list'], /^There is no command 'kyes'\. Did you mean keys\?\n/],
    ['no id', ['keys', 'revoke'], /^ID is missing\.\n/],
    ['an id too many', ['keys', 'revoke', 'a', 'b'], /^There is a word too many\.\n/],
    [
      'an unknown flag',
      ['keys', 'list', '--tabel', 'x'],
      /^There is no flag '--tabel'\. Did you mean --table\?\n/,
    ],
    [
      'a shortened flag',
      ['keys', 'create', ...all, '--calls', '60'],
      /^There is no flag '--calls'\. Did you mean --calls-per-minute\?\n/,
    ],
    [
      'an unknown flag where others are missing',
      ['keys', 'create', '--calls', '60'],
      /^There is no flag '--calls'\. Did you mean --calls-per-minute\?\n/,
    ],
    ['a flag without a value', ['keys', 'list', '--table'], /^--table needs a value\.\n/],
    ['a value too many', ['keys', 'list', '--help=no'], /^There is no flag '--help=no'/],
    ['no actions', ['keys', 'create', '--subjects', '*'], /^--actions is missing/],
    ['no subjects', ['keys', 'create', '--actions', 'read'], /^--subjects is missing/],
    [
      'two wrong values',
      ['keys', 'create', '--actions', 'own', '--subjects', '*', '--calls-per-minute', 'ten'],
      /^--actions must be .*\n--calls-per-minute must be a number\.\n$/,
    ],
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
    [
      'an empty counter',
      ['keys', 'create', ...all, '--counters', ''],
      /^--counters must be 1 to 32 /,
    ],
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
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toMatch(/\n\s+at |node:internal|error:/);
    expect(await scanTable(table)).toEqual(before);
  });
});

describe('what is missing, and how to get it, is said by', () => {
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '' };
  const nowhere = join(tmpdir(), 'no-such-aws-folder');
  const noFiles = {
    AWS_CONFIG_FILE: nowhere,
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  test.each<[what: string, table: string, environment: object, says: RegExp]>([
    [
      'a table that does not exist',
      'no-such-table',
      {},
      /^There is no such table in this account and region\. Check --table, AWS_REGION/,
    ],
    [
      'no credentials',
      'tally',
      { ...none, ...noFiles },
      /^There are no AWS credentials\. Sign in \(`aws sso login`/,
    ],
    [
      'no region',
      'tally',
      { ...noFiles, AWS_REGION: '', AWS_DEFAULT_REGION: '' },
      /^The AWS region is missing\. Set AWS_REGION/,
    ],
    [
      'a database that does not answer',
      'tally',
      { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' },
      /^The database cannot be reached \(.*ECONNREFUSED.*\)\. Nothing was changed\.\n$/,
    ],
  ])('%s', async (_, tableName, environment, says) => {
    const args = ['keys', 'list', '--table', tableName];
    const { code, stdout, stderr } = await run(args, environment);
    expect(stderr).toMatch(says);
    expect([code, stdout]).toEqual([1, '']);
    const inJson = await run([...args, '--json'], environment);
    expect(inJson).toMatchObject({ code: 1, stdout: '' });
    expect((JSON.parse(inJson.stderr) as { error: string }).error).toBe(stderr.trim());
  });
});

describe('check', () => {
  test('says which numbers a configuration would hide, from what the table was used with', async () => {
    const used = await createTestTable();
    const check = (...flags: string[]) => run(['check', '--table', used.tableName, ...flags]);
    expect(await check()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^The table has no record of a deployment yet/),
    });
    const other = await createTallyUnderTest({
      counters: {
        counter: { kind: 'reaction', choices: ['like'], access: keyed },
        gone: { kind: 'count', write: 'deferred', access: open },
      },
      table: used,
    });
    expect(await other.change('post/gone', 1)).toMatchObject({ status: 200 });
    const { code, stdout, stderr } = await check();
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^counter was a reaction and is a count: it begins anew/),
      expect.stringMatching(/^gone has left the configuration/),
      '',
    ]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Nothing is deleted: /)]);
    const inJson = JSON.parse((await check('--json')).stdout) as { changes: { counter: string }[] };
    expect(inJson.changes.map(({ counter }) => counter)).toEqual(['counter', 'gone']);
  });
});

describe('--json', () => {
  test('answers every command in JSON, in the words of the API', async () => {
    const made = await keys('create', ...all, '--json');
    const { id, key } = JSON.parse(made.stdout) as { id: string; key: string };
    expect(key.startsWith(`tally_${id}_`)).toBe(true);
    const listed = JSON.parse((await keys('list', '--json')).stdout) as { keys: { id: string }[] };
    expect(listed.keys.find((it) => it.id === id)).toEqual({
      id,
      scopes: [{ actions: ['admin', 'read', 'write'], subjects: ['*'] }],
      calls_per_minute: null,
      created_at: expect.stringMatching(/^\d{4}-/),
      last_used_day: null,
    });
    const revoked = await keys('revoke', id, '--json');
    expect(JSON.parse(revoked.stdout)).toEqual({ revoked: id });
    expect([made.stderr, revoked.stderr]).toEqual(['', '']);
    const again = await keys('revoke', id, '--json');
    expect(JSON.parse(again.stderr)).toEqual({ error: 'There is no API key with this id.' });
    expect(again.code).toBe(1);
  });

  test('says a wrong command line in JSON as well', async () => {
    const { code, stdout, stderr } = await run(['keys', 'lst', '--json']);
    expect([code, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toEqual({ error: expect.stringMatching(/^There is no command/) });
  });
});

describe('help', () => {
  test.each([
    [['--help'], 'Usage: npx node bin/tally.ts [options] [command]'],
    [['-h'], 'Usage: npx node bin/tally.ts [options] [command]'],
    [['help'], "--actions read,write,admin --subjects '*'"],
    [['help', 'keys'], 'revoke [options] <id>'],
    [['keys', '--help'], 'list [options]'],
    [['keys', 'help', 'create'], '--calls-per-minute <n>'],
    [['keys', 'create', '--help'], '--subjects <list>'],
    [['keys', 'list', '-h'], '--json'],
    [['secret', 'rotate', '--help'], '--end-passes'],
    [['keys', 'revoke', '--help'], 'the id of an API key, or the whole of it'],
  ])('is shown for %j, and succeeds', async (args, holds) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(holds);
  });
});
