/** `npm start`: Tally on this machine, with its own DynamoDB Local unless one is already there. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import { createTableIfMissing } from '../local/create-table.ts';
import { startEngine } from '../local/engine.ts';
import { followParent } from '../local/follow-parent.ts';
import { setFunctionEnvironment } from '../local/function-environment.ts';
import { createHttpServer } from '../local/http-server.ts';
import { attachLiveServer } from '../local/live-server.ts';
import { readLocalSettings } from '../local/settings.ts';
import { startStreamPump } from '../local/stream-pump.ts';

/** How long requests under way, and then changes not folded yet, may take once this is to stop. */
const graceMs = 5_000;

const tableName = process.env[environmentNames.table] ?? 'tally';
const settings = orExit(() => readLocalSettings(process.env));

// First of all: a port that is taken ends it before anything is started, and the functions are told
// the port in their environment, which they read when they are loaded.
const { server, serve } = createHttpServer();
const port = await listen();

const engine =
  settings.endpoint === undefined ? await startOwnEngine(settings.dataFolder) : undefined;
const endpoint = settings.endpoint ?? engine?.endpoint ?? '';
const live = attachLiveServer(
  server,
  setFunctionEnvironment({
    endpoint,
    isOwnEngine: engine !== undefined,
    tableName,
    adminKey: settings.adminKey,
    port,
  }),
);
await createTableIfMissing({ client: new DynamoDBClient(), tableName, stream: true });

const { httpHandlers, streamHandler } = await import('../local/handlers.ts');
serve({ handlers: httpHandlers, live });
const pump = startStreamPump({
  endpoint,
  tableName,
  handler: streamHandler,
  positionFile:
    settings.dataFolder === 'memory'
      ? undefined
      : join(settings.dataFolder, 'stream-positions.json'),
});
welcome();

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void stop(0));
followParent(() => void stop(0));
void engine?.died.then((reason) => {
  console.error(reason.message);
  void stop(1);
});

async function listen(): Promise<number> {
  server.listen(settings.port);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    const reason =
      error.code === 'EADDRINUSE'
        ? 'another program listens there. Stop it, or set PORT to another port (0 takes any).'
        : error.message;
    console.error(`Cannot listen on port ${settings.port}: ${reason}`);
    process.exit(1);
  });
  return (server.address() as AddressInfo).port;
}

/** A mistake of the person at the keyboard gets a sentence, not a stack trace. */
function orExit<T>(attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

async function startOwnEngine(dataFolder: string) {
  console.log('Starting DynamoDB Local …');
  return startEngine({ dataFolder }).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}

function welcome(): void {
  const url = `http://localhost:${port}`;
  const data = settings.endpoint ?? settings.dataFolder;
  console.log(`
Tally listens on ${url} (docs: ${url}/docs, data: ${data})

  curl -X PUT ${url}/v1/post-42/counter -d '{"action":"increment"}'
  curl -X PUT ${url}/v1/post-42/counter -d '{"action":"increment","amount":3}' -H 'Idempotency-Key: my-change-1'
  curl ${url}/v1/post-42/counter

Admin key: ${settings.adminKeyMade ? settings.adminKey : 'the one in TALLY_ADMIN_KEY'}
`);
}

/** Answers what was asked, folds what is pending, then stops the engine, which both still need. */
async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const graceOver = delay(graceMs).then(() => server.closeAllConnections());
  // The engine forgets the stream's records after a day, and nobody knows when it is started again.
  const fold = () => Promise.race([pump.caughtUp(), engine?.died ?? graceOver, graceOver]);
  // Once while the server still takes what the fold publishes, and once for what came until it closed.
  await fold();
  live.close();
  await new Promise((resolve) => server.close(resolve));
  await fold();
  await pump.stop();
  await engine?.stop();
  process.exit(code);
}
