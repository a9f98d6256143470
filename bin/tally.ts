/**
 * The operator's command line: keys, by way of the table itself, so it takes AWS credentials instead
 * of a key. What a program may read goes to stdout, what is for people only to stderr.
 */
import { parseArgs } from 'node:util';
import { createApiKeys, idOf } from '../functions/access/api-keys.ts';
import { createDynamoApiKeyStore } from '../functions/dynamo/dynamo-api-key-store.ts';
import { createDynamoClients } from '../functions/dynamo/dynamo-clients.ts';
import { parse } from '../functions/http/http-request.ts';
import { keyBody } from '../functions/http/schemas.ts';
import { environmentNames } from '../functions/runtime/environment-names.ts';

const usage = `Usage:
  npx node bin/tally.ts keys create --actions ACTIONS --subjects SUBJECTS [--counters NAMES] [--calls-per-minute N]
  npx node bin/tally.ts keys list
  npx node bin/tally.ts keys revoke ID

  --table NAME            the table, an output of the stack; or ${environmentNames.table} in the environment
  --actions ACTIONS       of read, write and admin, separated by commas
  --subjects SUBJECTS     names, or beginnings of names followed by *, separated by commas: 'resto-7,resto-7:*'
  --counters NAMES        only these counters, separated by commas; left out, all of them
  --calls-per-minute N    what the key may ask at most; left out, as much as comes

A key that may do everything: --actions read,write,admin --subjects '*'`;

const options = {
  table: { type: 'string' },
  actions: { type: 'string' },
  subjects: { type: 'string' },
  counters: { type: 'string' },
  'calls-per-minute': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
type Flags = ReturnType<typeof readCommand>['flags'];

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function run(args: string[]): Promise<void> {
  const { flags, command, id } = readCommand(args);
  if (flags.help) return console.log(usage);
  switch (command) {
    case 'keys create':
      return createKey(flags);
    case 'keys list':
      return listKeys(flags);
    case 'keys revoke ID':
      return revokeKey(flags, id);
    default:
      throw new Error(usage);
  }
}

function readCommand(args: string[]) {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [topic = '', verb = '', id = '', ...more] = positionals;
  const command = [topic, verb, ...(id ? ['ID'] : []), ...more].join(' ');
  return { flags: values, command, id };
}

/** @throws Error naming the flag that is missing */
function keysIn(flags: Flags) {
  const tableName = flags.table ?? process.env[environmentNames.table];
  if (!tableName) throw new Error('--table is missing: which table?');
  const store = createDynamoApiKeyStore({ clients: createDynamoClients(), tableName });
  return createApiKeys({ store, now: Date.now });
}

async function createKey(flags: Flags): Promise<void> {
  const keys = keysIn(flags);
  for (const needed of ['actions', 'subjects'] as const) {
    if (!flags[needed]) throw new Error(`--${needed} is missing.\n\n${usage}`);
  }
  const callsPerMinute = flags['calls-per-minute'];
  const asked = parseFlags({
    scopes: [
      {
        actions: namesIn(flags.actions),
        subjects: namesIn(flags.subjects),
        ...(flags.counters === undefined ? {} : { counters: namesIn(flags.counters) }),
      },
    ],
    ...(callsPerMinute === undefined ? {} : { calls_per_minute: Number(callsPerMinute) }),
  });
  const { key } = await keys.create(asked.scopes, asked.calls_per_minute);
  console.log(key);
  console.error('This is the only time that it is shown.');
}

/** @throws Error naming the flag that is wrong */
function parseFlags(body: unknown) {
  try {
    return parse(keyBody, body);
  } catch (error) {
    const [field = '', ...reason] = (error as Error).message.split(': ');
    const name = field
      .replace('scopes.0.', '')
      .replace(/[.\d]+$/, '')
      .replaceAll('_', '-');
    throw new Error(`--${name}: ${reason.join(': ')}`, { cause: error });
  }
}

async function listKeys(flags: Flags): Promise<void> {
  for (const key of await keysIn(flags).list()) {
    const limit = key.callsPerMinute === undefined ? '' : `, ${key.callsPerMinute} calls a minute`;
    const made = new Date(key.createdAtMs).toISOString().slice(0, 10);
    console.log(
      `${key.id}  made ${made}, last used ${key.lastUsedDay ?? 'never'}${limit}  ${JSON.stringify(key.scopes)}`,
    );
  }
}

/** @param id that of a key, or a whole key, whose secret must not be printed */
async function revokeKey(flags: Flags, id: string): Promise<void> {
  if (!(await keysIn(flags).revoke(idOf(id)))) throw new Error('There is no key of this id.');
  console.error('Revoked: it works for at most half a minute more.');
}

function namesIn(list = ''): string[] {
  return list.split(',').map((name) => name.trim());
}
