/** Keeps one server process: ends it and starts the next one whenever it is told to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Restarter {
  /** Ends the process, if there is one, and starts the next. Calls while it is at it become one. */
  restart(): void;
  /** Resolves once the process has ended; none is started after it. */
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function createRestarter(script: string, env: Environment): Restarter {
  let child: ChildProcess | undefined;
  let isWanted = false;
  let isStopped = false;
  let atWork: Promise<void> | undefined;

  function restart(): void {
    if (isStopped) return;
    isWanted = true;
    atWork ??= work().finally(() => {
      atWork = undefined;
    });
  }

  async function work(): Promise<void> {
    while (isWanted) {
      isWanted = false;
      await end();
      child = start(script, env);
    }
  }

  async function end(): Promise<void> {
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async function stop(): Promise<void> {
    isStopped = true;
    await atWork;
    await end();
  }

  return { restart, stop };
}

/** The channel lets the process notice when this one is killed: see `follow-parent.ts`. */
function start(script: string, env: Environment): ChildProcess {
  const child = spawn(process.execPath, [script], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('exit', (code) => {
    if (code) console.error('The server has ended; it is started again after the next change.');
  });
  return child;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;
