/**
 * `npm run units`: measures what each call costs, in DynamoDB's units and in calls to the database. It
 * runs the real code against DynamoDB Local and adds up the units that this reports.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pLimit from 'p-limit';
import { createCounters } from '../functions/counters/counters.ts';
import type { CounterDefinition, CounterKind } from '../functions/counters/define-counters.ts';
import { createDynamoFoldStore } from '../functions/dynamo/dynamo-fold-store.ts';
import { createDependencies } from '../functions/runtime/dependencies.ts';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import { createStreamFunction } from '../functions/stream/stream-function.ts';
import { createTableIfMissing } from '../local/create-table.ts';
import { startEngine } from '../local/engine.ts';
import { readEngineAccess } from '../local/engine-access.ts';
import { startStreamPump } from '../local/stream-pump.ts';
import { anyonesToken } from '../test/harness/counts/anyones-token.ts';
import { countUnits, type Units } from './consumed-units.ts';

const deferredChanges = 1_000;
const tickets = 500;
const writersAtOnce = 20;
const tableName = 'units';

const access = readEngineAccess('memory');
const engine = await startEngine({ dataFolder: 'memory', access });
const client = new DynamoDBClient({ ...access, endpoint: engine.endpoint });
await createTableIfMissing({ client, tableName, stream: true });
Object.assign(process.env, {
  AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
  AWS_REGION: access.region,
  AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
  [environmentNames.table]: tableName,
});
const { clients, context, config } = createDependencies();
const counters = createCounters(context);
const units: Units = { write: 0, read: 0, calls: 0 };
for (const each of [clients.once, clients.retrying]) countUnits(each, units);

const rows: { call: string; 'write units': number; 'read units': number; calls: number }[] = [];
const subject = 'post-42';
const eventual = { consistent: false };

await measure('increment, no key', () => change('counter', { token: undefined }));
await measure('increment, with a key', () => change('counter', { token: 'a' }));
await measure('increment, with a key, return=minimal', () =>
  change('counter', { token: 'b', wantCount: false }),
);
await measure('the same key again', () => change('counter', { token: 'b', wantCount: false }));
await measure('deferred increment', () => change('views', { token: 'c' }));
await measure('deferred increment, return=minimal', () =>
  change('views', { token: 'd', wantCount: false }),
);
await measure('bounded increment, no key', () => change('stock', { token: undefined }));
await measure('bounded increment, with a key', () => change('stock', { token: 'bounded' }));
const manyChanges = 1_000;
await measure(
  `increment, with a key (of ${manyChanges}, one after another)`,
  async () => {
    for (let index = 0; index < manyChanges; index++)
      await change('counter', { token: `${index}` });
  },
  manyChanges,
);
const atOnce = 500;
const keyedAtOnce = (counter: string) => async () => {
  const limit = pLimit(60);
  const sent = Array.from({ length: atOnce }, (_, index) =>
    limit(() => change(counter, { token: `burst-${index}`, wantCount: false })),
  );
  await Promise.all(sent);
};
await measure(`increment, with a key (of ${atOnce} at once)`, keyedAtOnce('counter'), atOnce);
await measure(`bounded increment, with a key (of ${atOnce} at once)`, keyedAtOnce('stock'), atOnce);
await measure('read a count', () => counters.counts.read(counterOf('counter', 'count'), eventual));
await measure('draw the first ticket of a day', () => drawTicket('e'));
await measure('draw a ticket', () => drawTicket('f'));
await measure('draw a ticket, no key', () => drawTicket(undefined));
await measure('the ticket of the same key again', () => drawTicket('e'));
await measure(
  `draw a ticket, with the pages turned (of ${tickets})`,
  async () => {
    for (let index = 0; index < tickets; index++) await drawTicket(`many-${index}`);
  },
  tickets,
);
await measure('react', () =>
  counters.reactions.choose(counterOf('reactions', 'reaction'), 'ana', 'love'),
);
await measure('read reactions', () =>
  counters.reactions.read(counterOf('reactions', 'reaction'), eventual),
);
const ana = { member: 'ana', session: 'tab-1' };
await measure('heartbeat', () => counters.presence.beat(counterOf('viewers', 'presence'), ana));
await measure('leave', () => counters.presence.leave(counterOf('viewers', 'presence'), ana));
await context.stores.secret.read();
await measure('first visit', () => counters.uniques.visit(counterOf('visitors', 'unique'), 'ana'));
await measure('the same visit again', () =>
  counters.uniques.visit(counterOf('visitors', 'unique'), 'ana'),
);
await measure('estimate visitors', () =>
  counters.uniques.read(counterOf('visitors', 'unique'), { ...eventual, before: async () => {} }),
);
await measure('take from a limit', () => counters.limits.take(counterOf('calls', 'limit'), 1));
await measure('take again', () => counters.limits.take(counterOf('calls', 'limit'), 99));
await measure('take what is not there', () => counters.limits.take(counterOf('calls', 'limit'), 1));
await measure('give back', () => counters.limits.giveBack(counterOf('calls', 'limit'), 50));
await measure('look at a limit', () =>
  counters.limits.read(counterOf('calls', 'limit'), { consistent: false }),
);
await measureFold();

console.table(rows);
client.destroy();
await engine.stop();

/** Folds the changes of one counter with one window, per change. */
async function measureFold(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tally-units-'));
  const startPump = () =>
    startStreamPump({
      endpoint: engine.endpoint,
      tableName,
      handler: fold,
      positionFile: join(folder, 'positions.json'),
      batchSize: deferredChanges,
    });
  const fold = createStreamFunction({
    context: { ...context, config },
    foldStore: createDynamoFoldStore({
      clients,
      tableName,
      random: context.random,
      pause: context.pause,
    }),
    publish: async () => {},
    report: () => {},
  });
  const before = startPump();
  await before.caughtUp();
  await before.stop();
  const limit = pLimit(writersAtOnce);
  await Promise.all(
    Array.from({ length: deferredChanges }, (_, index) =>
      limit(() =>
        context.stores.registers.put(
          { subject, counter: 'counter', token: anyonesToken(`fold-${index}`) },
          {
            form: 'fact',
            amount: 1,
            fingerprint: 'add 1',
            region: context.region,
            acceptedAtMs: context.now(),
            windows: ['-'],
            expiresAt: Math.ceil(Date.now() / 1000) + 86_400,
          },
          context.now(),
        ),
      ),
    ),
  );
  await measure(
    `fold of a deferred increment (of ${deferredChanges})`,
    async () => {
      const after = startPump();
      await after.caughtUp();
      await after.stop();
    },
    deferredChanges,
  );
  await rm(folder, { recursive: true });
}

async function measure(call: string, run: () => Promise<unknown>, times = 1): Promise<void> {
  Object.assign(units, { write: 0, read: 0, calls: 0 });
  await run();
  rows.push({
    call,
    'write units': units.write / times,
    'read units': units.read / times,
    calls: units.calls / times,
  });
}

function counterOf<K extends CounterKind>(counter: string, kind: K) {
  const definition = config.counters.get(counter);
  if (definition?.kind !== kind) throw new Error(`${counter} is not a ${kind} counter`);
  return { subject, counter, definition: definition as Extract<CounterDefinition, { kind: K }> };
}

function change(counter: string, request: { token: string | undefined; wantCount?: boolean }) {
  return counters.counts.change(counterOf(counter, 'count'), {
    amount: 1,
    wantCount: true,
    ...request,
    token: request.token === undefined ? undefined : anyonesToken(request.token),
  });
}

function drawTicket(token: string | undefined) {
  return counters.tickets.draw(
    counterOf('orders', 'ticket'),
    token === undefined ? undefined : anyonesToken(token),
  );
}
