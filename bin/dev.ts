/**
 * `npm run dev`: like `npm start`, but starts the server again when a source changes. The engine runs
 * on meanwhile, so the data stays, also with TALLY_DATA=memory.
 */
import { join } from 'node:path';
import { type Engine, startEngine } from '../local/engine.ts';
import { followParent } from '../local/follow-parent.ts';
import { createRestarter } from '../local/restarter.ts';
import { readLocalSettings } from '../local/settings.ts';
import { watchSources } from '../local/watch-sources.ts';

const root = join(import.meta.dirname, '..');
/** All that a running server loads. */
const sources = ['bin', 'functions', 'local', 'tally.config.ts'];

const settings = orExit(() => readLocalSettings(process.env));
let engine: Engine | undefined;
if (settings.endpoint === undefined) {
  console.log('Starting DynamoDB Local …');
  const { dataFolder, engineAccess: access } = settings;
  engine = await startEngine({ dataFolder, access }).catch(exitWith);
}
const server = createRestarter(join(root, 'bin/local.ts'), {
  ...process.env,
  ...(engine ? environmentOf(engine) : {}),
  // Without a folder to keep it in, a key would be another one at each start.
  ...(settings.dataFolder === 'memory' ? { TALLY_ADMIN_KEY: settings.adminKey } : {}),
});
const watch = watchSources(root, sources, (file) => {
  console.log(`\n${file} has changed: starting again …`);
  server.restart();
});
console.log(
  `Admin key: ${settings.adminKeyMade ? settings.adminKey : 'the one in TALLY_ADMIN_KEY'}`,
);
server.restart();

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void stop(0));
followParent(() => void stop(0));
void engine?.died.then((reason) => {
  console.error(reason.message);
  void stop(1);
});

/** With an engine that it did not start, the server uses this shell's AWS account; this engine has its own. */
function environmentOf({ endpoint, access }: Engine): Readonly<Record<string, string | undefined>> {
  return {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: access.region,
    AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
  };
}

/** The server stops first, because it still folds what is pending. */
async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  watch.close();
  await server.stop();
  await engine?.stop();
  process.exit(code);
}

function orExit<T>(attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    return exitWith(error as Error);
  }
}

/** Users can put these errors right, so they get a sentence and not a stack trace. */
function exitWith({ message }: Error): never {
  console.error(message);
  process.exit(1);
}
