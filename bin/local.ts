/** `npm start`: Tally on this machine, with its own DynamoDB Local unless the environment names one. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import { createTableIfMissing } from '../local/create-table.ts';
import { type Engine, startEngine } from '../local/engine.ts';
import { followParent } from '../local/follow-parent.ts';
import { setFunctionEnvironment } from '../local/function-environment.ts';
import { createHttpServer } from '../local/http-server.ts';
import { type Listening, listen, ownName } from '../local/listen.ts';
import { attachLiveServer } from '../local/live-server.ts';
import { ownHosts } from '../local/own-hosts.ts';
import { readLocalSettings } from '../local/settings.ts';
import { startStreamPump } from '../local/stream-pump.ts';
import { loadConfig } from './load-config.ts';

/** How long a stop waits for the requests under way, and then for changes that are not folded yet. */
const graceMs = 5_000;
/** An engine that does not answer in this time is taken for absent; the SDK alone would wait without end. */
const requestTimeoutMs = 15_000;

await loadConfig();

let engine: Engine | undefined;
const tableName = process.env[environmentNames.table] || 'tally';
const settings = await orExit(() => readLocalSettings(process.env));

// The port comes first: if it is taken, nothing has been started yet. And the functions read it from
// their environment when they are loaded.
const isOwnHost = ownHosts(settings.hostNames);
const { server, serve } = createHttpServer(isOwnHost);
const listening = await orExit(startListening);
const address = `${ownName(settings.host)}:${listening.port}`;

if (settings.endpoint === undefined) {
  console.log('Starting DynamoDB Local …');
  const { dataFolder, engineAccess: access } = settings;
  engine = await orExit(() => startEngine({ dataFolder, access }));
}
const endpoint = settings.endpoint ?? engine?.endpoint ?? '';
const live = attachLiveServer(server, {
  isOwnHost,
  ...setFunctionEnvironment({
    endpoint,
    engineAccess: settings.engineAccess,
    isOwnEngine: engine !== undefined,
    tableName,
    adminKey: settings.adminKey,
    address,
  }),
});
await orExit(prepareTable);

const { httpHandlers, streamHandler } = await import('../local/handlers.ts');
serve({ handlers: httpHandlers, live });
const pump = await orExit(() =>
  startStreamPump({
    endpoint,
    tableName,
    handler: streamHandler,
    positionFile:
      settings.dataFolder === 'memory'
        ? undefined
        : join(settings.dataFolder, 'stream-positions.json'),
  }),
);
welcome();

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void stop(0));
followParent(() => void stop(0));
void engine?.died.then((reason) => {
  console.error(reason.message);
  void stop(1);
});

async function startListening(): Promise<Listening> {
  return listen(server, settings).catch((error: NodeJS.ErrnoException) => {
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE:
        'another program listens there. Stop it, or set PORT to another port (0 takes any).',
      EADDRNOTAVAIL: 'HOST is not an address of this machine.',
      ENOTFOUND: 'HOST is not a name of this machine.',
    };
    const reason = reasons[error.code ?? ''] ?? error.message;
    throw new Error(`Cannot listen on port ${settings.port}: ${reason}`);
  });
}

async function prepareTable(): Promise<void> {
  const requestHandler = { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true };
  try {
    const client = new DynamoDBClient({ requestHandler });
    await createTableIfMissing({ client, tableName, stream: true });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    // Two refused connections, to both addresses of localhost, have a code alone.
    const [reason] = (message || code || '').split('\n');
    throw new Error(
      settings.endpoint === undefined
        ? `The data folder ${settings.dataFolder} cannot be used: ${reason}\n` +
            'Move its databases (*.db) away, or set TALLY_DATA to another folder.'
        : `The DynamoDB at ${settings.endpoint} cannot be used: ${reason}\n` +
            'Set AWS_ENDPOINT_URL_DYNAMODB to one that runs, or to nothing to have one started.',
      { cause: error },
    );
  }
}

/** Users can put these errors right, so they get a sentence and not a stack trace. */
async function orExit<T>(attempt: () => T | Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    console.error((error as Error).message);
    await engine?.stop();
    process.exit(1);
  }
}

function welcome(): void {
  const url = `http://${address}`;
  const data = settings.endpoint ?? settings.dataFolder;
  console.log(`
Tally listens on ${url} (docs: ${url}/docs, data: ${data})

  curl -X POST ${url}/v1/post-42/counter -d '{"action":"increment"}'
  curl -X POST ${url}/v1/post-42/counter -d '{"action":"increment","amount":3}' -H 'Idempotency-Key: ${randomUUID()}'
  curl ${url}/v1/post-42/counter

Admin key: ${settings.adminKeyMade ? settings.adminKey : 'the one in TALLY_ADMIN_KEY'}
`);
}

/** Answers the requests under way and folds what is pending, and only then stops the engine: both need it. */
async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const graceOver = delay(graceMs).then(() => server.closeAllConnections());
  // The engine drops the stream's records after a day, and the next start may come later than that.
  const fold = () => Promise.race([pump.caughtUp(), engine?.died ?? graceOver, graceOver]);
  // Twice: first while the server still takes what the fold publishes, then for what came until it closed.
  await fold();
  live.close();
  await listening.close();
  await fold();
  await pump.stop();
  await engine?.stop();
  process.exit(code);
}
