/**
 * The operator's command line: API keys, straight in the table. It takes AWS credentials instead of an
 * API key. What a program may read goes to stdout, what is only for people to stderr.
 */
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { createApiKeys, idOf } from '../functions/access/api-keys.ts';
import { callsPerMinute, scopeOf } from '../functions/access/key-schemas.ts';
import { createDynamoApiKeyStore } from '../functions/dynamo/dynamo-api-key-store.ts';
import { createDynamoClients } from '../functions/dynamo/dynamo-clients.ts';
import { limits } from '../functions/rules/limits.ts';
import { fieldOf, validationMessage } from '../functions/rules/validation-messages.ts';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import { tally } from '../tally.config.ts';

const usage = `Usage:
  npx node bin/tally.ts keys create --actions ACTIONS --subjects SUBJECTS [--counters NAMES] [--calls-per-minute N]
  npx node bin/tally.ts keys list
  npx node bin/tally.ts keys revoke ID

  --table NAME            the table, an output of the stack; or ${environmentNames.table} in the environment
  --actions ACTIONS       read, write, admin or several of them, separated by commas
  --subjects SUBJECTS     subjects, or beginnings of subjects followed by *, separated by commas: 'resto-7,resto-7:*'
  --counters NAMES        only these counters, separated by commas; left out, all of them
  --calls-per-minute N    how many requests a minute the API key may make; left out, any number

An API key with every right: --actions read,write,admin --subjects '*'`;

const options = {
  table: { type: 'string' },
  actions: { type: 'string' },
  subjects: { type: 'string' },
  counters: { type: 'string' },
  'calls-per-minute': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
type Flags = ReturnType<typeof readCommand>['flags'];

/** The schemas of an API key, under the names of the flags. */
const keyFlags = v.strictObject({
  ...scopeOf(tally.counters).entries,
  'calls-per-minute': v.optional(callsPerMinute),
});

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
  const { values, positionals } = readFlags(args);
  const [topic = '', verb = '', id = '', ...more] = positionals;
  const command = [topic, verb, ...(id ? ['ID'] : []), ...more].join(' ');
  return { flags: values, command, id };
}

/** @throws Error naming the flag that is unknown, or that has no value or one too many */
function readFlags(args: string[]) {
  const { tokens } = parseArgs({
    args,
    allowPositionals: true,
    strict: false,
    tokens: true,
    options,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName, name, value } = token;
    if (!Object.hasOwn(options, name))
      throw new Error(`There is no flag '${rawName}'.\n\n${usage}`);
    const { type } = options[name as keyof typeof options];
    if (type === 'string' && value === undefined) throw new Error(`${rawName} needs a value.`);
    if (type === 'boolean' && value !== undefined) throw new Error(`${rawName} takes no value.`);
  }
  return parseArgs({ args, allowPositionals: true, options });
}

/** @throws Error if no flag names the table */
function apiKeys(flags: Flags) {
  const tableName = flags.table ?? process.env[environmentNames.table];
  if (!tableName) throw new Error('--table is missing: which table?');
  const store = createDynamoApiKeyStore({ clients: createDynamoClients(), tableName });
  return createApiKeys({ store, now: Date.now });
}

async function createKey(flags: Flags): Promise<void> {
  const keys = apiKeys(flags);
  for (const name of ['actions', 'subjects'] as const) {
    if (!flags[name]) throw new Error(`--${name} is missing.\n\n${usage}`);
  }
  const { 'calls-per-minute': limit, ...newScope } = parseKeyFlags(flags);
  const made = await keys.create([newScope], limit);
  if (!made.ok) throw new Error(made.detail);
  console.log(made.key);
  console.error('The API key cannot be shown again.');
}

/** @throws Error naming the flag that is wrong */
function parseKeyFlags(flags: Flags) {
  const limit = flags['calls-per-minute'];
  const input = {
    actions: namesIn(flags.actions),
    subjects: namesIn(flags.subjects),
    ...(flags.counters === undefined ? {} : { counters: namesIn(flags.counters) }),
    ...(limit === undefined ? {} : { 'calls-per-minute': Number(limit) }),
  };
  const result = v.safeParse(keyFlags, input, { message: validationMessage });
  if (result.success) return result.output;
  throw new Error(
    result.issues.map((issue) => `--${flagOf(fieldOf(issue))} ${issue.message}.`).join('\n'),
  );
}

/** A flag is a whole list, so the number of an entry in it is left out. */
function flagOf(field: string): string {
  return field.replace(/\.\d+$/, '');
}

async function listKeys(flags: Flags): Promise<void> {
  for (const key of await apiKeys(flags).list()) {
    const limit = key.callsPerMinute === undefined ? '' : `, ${key.callsPerMinute} calls a minute`;
    const made = new Date(key.createdAtMs).toISOString().slice(0, 10);
    console.log(
      `${key.id}  made ${made}, last used ${key.lastUsedDay ?? 'never'}${limit}  ${JSON.stringify(key.scopes)}`,
    );
  }
}

/** @param id of an API key; or the whole API key, whose secret must not be printed */
async function revokeKey(flags: Flags, id: string): Promise<void> {
  const isRevoked = await apiKeys(flags).revoke(idOf(id));
  if (!isRevoked) throw new Error('There is no API key with this id.');
  console.error(`Revoked. It may work for ${limits.keyCacheSeconds} more seconds.`);
}

function namesIn(list = ''): string[] {
  return list.split(',').map((name) => name.trim());
}
