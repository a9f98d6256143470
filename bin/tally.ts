/**
 * The operator's command line: keys, by way of the table itself, so it takes AWS credentials instead
 * of a key.
 *
 *     node bin/tally.ts keys create --table NAME --actions read,write --subjects resto-7 --counters orders
 *     node bin/tally.ts keys list --table NAME
 *     node bin/tally.ts keys revoke ID --table NAME
 */
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { createApiKeys } from '../functions/http/api-keys.ts';
import { keyBody } from '../functions/http/schemas.ts';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import { createDynamoClients } from '../functions/store/dynamo-clients.ts';
import { createDynamoKeyStore } from '../functions/store/dynamo-key-store.ts';

const usage = `Usage:
  node bin/tally.ts keys create --actions read,write,admin --subjects 'resto-7,resto-7:*' [--counters orders]
                    [--calls-per-minute 600]
  node bin/tally.ts keys list
  node bin/tally.ts keys revoke ID

Every command takes --table NAME (an output of the stack), or ${environmentNames.table} in the environment.`;

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}

async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      table: { type: 'string' },
      actions: { type: 'string' },
      subjects: { type: 'string' },
      counters: { type: 'string' },
      'calls-per-minute': { type: 'string' },
    },
  });
  const tableName = values.table ?? process.env[environmentNames.table];
  if (tableName === undefined) throw new Error(usage);
  const store = createDynamoKeyStore({ clients: createDynamoClients(), tableName });
  const keys = createApiKeys({ store, now: Date.now });

  const [topic, command, id] = positionals;
  switch ([topic, command, ...positionals.slice(2).map(() => 'ID')].join(' ')) {
    case 'keys create': {
      const callsPerMinute = values['calls-per-minute'];
      const asked = v.parse(keyBody, {
        scopes: [
          {
            actions: namesIn(values.actions),
            subjects: namesIn(values.subjects),
            ...(values.counters === undefined ? {} : { counters: namesIn(values.counters) }),
          },
        ],
        ...(callsPerMinute === undefined ? {} : { calls_per_minute: Number(callsPerMinute) }),
      });
      const { key } = await keys.create(asked.scopes, asked.calls_per_minute);
      console.log(`${key}\n\nThis is the only time that it is shown.`);
      return;
    }
    case 'keys list':
      for (const key of await keys.list()) {
        console.log(
          `${key.id}  last used ${key.lastUsedDay ?? 'never'}  ${JSON.stringify(key.scopes)}`,
        );
      }
      return;
    case 'keys revoke ID':
      if (!(await keys.revoke(id ?? ''))) throw new Error(`There is no key ${id}.`);
      console.log('Revoked.');
      return;
    default:
      throw new Error(usage);
  }
}

const namesIn = (list = ''): string[] => list.split(',').filter((name) => name !== '');
