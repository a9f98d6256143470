/** `keys`: API keys, straight in the table. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { createApiKeys, idOf } from '../../functions/access/api-keys.ts';
import { callsPerMinute, scopeOf } from '../../functions/access/key-schemas.ts';
import type { TallyConfig } from '../../functions/counters/define-counters.ts';
import { createDynamoApiKeyStore } from '../../functions/dynamo/dynamo-api-key-store.ts';
import { keyJson } from '../../functions/http/operations/key-operations.ts';
import { limits } from '../../functions/rules/limits.ts';
import { fieldOf, validationMessage } from '../../functions/rules/validation-messages.ts';
import { CommandFailure } from './failures.ts';
import { answer, openTable, type TableFlags, tableCommand } from './table-command.ts';
import { UsageMistake } from './usage-mistakes.ts';

interface ScopeFlags {
  readonly actions: string;
  readonly subjects: string;
  readonly counters?: string;
  readonly callsPerMinute?: string;
}

export function addKeyCommands(program: Command, config: TallyConfig): void {
  const keys = program.command('keys').description('make, list and revoke API keys');

  tableCommand(keys, 'create', 'make an API key; it is printed once, and cannot be shown again')
    .requiredOption('--actions <list>', 'read, write, admin or several of them, by commas')
    .requiredOption(
      '--subjects <list>',
      "subjects, or beginnings of subjects followed by *, by commas: 'resto-7,resto-7:*'",
    )
    .option('--counters <list>', 'only these counters, by commas; left out, all of them')
    .option('--calls-per-minute <n>', 'how many calls a minute it may make; left out, any number')
    .action(async (flags: TableFlags & ScopeFlags) => {
      const { 'calls-per-minute': limit, ...scope } = parseScope(flags, config);
      const made = await (await openKeys(flags)).create([scope], limit);
      if (!made.ok) throw new CommandFailure(made.detail);
      const { id, key } = made;
      const remark = 'The API key cannot be shown again.';
      answer(flags, { data: { id, key }, lines: [key], remark });
    });

  tableCommand(keys, 'list', 'list the API keys, without their secrets').action(
    async (flags: TableFlags) => {
      const list = (await (await openKeys(flags)).list()).map(keyJson);
      answer(flags, { data: { keys: list }, lines: list.map(describeKey) });
    },
  );

  tableCommand(keys, 'revoke', 'revoke an API key')
    .argument('<id>', 'the id of an API key, or the whole of it')
    .action(async (text: string, flags: TableFlags) => {
      const id = idOf(text);
      // The text may be a key with a secret in it, so it is not repeated.
      if (!(await (await openKeys(flags)).revoke(id))) {
        throw new CommandFailure('There is no API key with this id.');
      }
      const remark = `Revoked. It may work for ${limits.keyCacheSeconds} more seconds.`;
      answer(flags, { data: { revoked: id }, lines: [], remark });
    });
}

async function openKeys(flags: TableFlags) {
  return createApiKeys({ store: createDynamoApiKeyStore(await openTable(flags)), now: Date.now });
}

/** @throws UsageMistake naming every flag that is wrong */
function parseScope(flags: ScopeFlags, { counters }: TallyConfig) {
  // Under the names of the flags, so that mistakes name them.
  const schema = v.strictObject({
    ...scopeOf(counters).entries,
    'calls-per-minute': v.optional(callsPerMinute),
  });
  const { actions, subjects, counters: names, callsPerMinute: limit } = flags;
  const input = {
    actions: namesIn(actions),
    subjects: namesIn(subjects),
    ...(names === undefined ? {} : { counters: namesIn(names) }),
    ...(limit === undefined ? {} : { 'calls-per-minute': Number(limit) }),
  };
  const result = v.safeParse(schema, input, { message: validationMessage });
  if (result.success) return result.output;
  // A flag is a whole list, so the number of an entry in it is left out.
  const sentences = result.issues.map(
    (issue) => `--${fieldOf(issue).replace(/\.\d+$/, '')} ${issue.message}.`,
  );
  throw new UsageMistake(sentences.join('\n'));
}

const namesIn = (list: string): string[] => list.split(',').map((name) => name.trim());

function describeKey(key: ReturnType<typeof keyJson>): string {
  const limit = key.calls_per_minute === null ? '' : `, ${key.calls_per_minute} calls a minute`;
  const made = (key.created_at ?? '').slice(0, 10);
  const used = key.last_used_day ?? 'never';
  return `${key.id}  made ${made}, last used ${used}${limit}  ${JSON.stringify(key.scopes)}`;
}
