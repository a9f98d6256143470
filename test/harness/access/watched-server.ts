/** `npm start` as a process of its own, on a free port, with everything it prints kept. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface WatchedServer {
  readonly port: number;
  /** Everything it has written to stdout and stderr. */
  output(): string;
  /** What its heap holds after a collection. */
  heapBytes(): Promise<number>;
  /** Whether it has ended, by itself or not. */
  hasEnded(): boolean;
  /** Asks it to end. @returns its exit code */
  end(): Promise<number | null>;
}

const root = join(import.meta.dirname, '../../..');

/** @param environment of the server, beside what it takes to run; see `npm start` */
export async function startWatchedServer(
  environment: Readonly<Record<string, string>>,
): Promise<WatchedServer> {
  const before = ['watched-process.ts', '../patience.ts'].flatMap((file) => [
    '--import',
    join(import.meta.dirname, file),
  ]);
  const child = spawn(process.execPath, [...before, join(root, 'bin/local.ts')], {
    cwd: root,
    env: { ...process.env, PORT: '0', TALLY_DATA: 'memory', ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said: string[] = [];
  const exited = once(child, 'exit');
  const listening = new Promise<number>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said.push(text);
        const port = /Tally listens on http:\/\/localhost:(\d+)/.exec(said.join(''))?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    child.on('exit', () => reject(new Error(`the server ended: ${said.join('')}`)));
  });
  const port = await listening;
  return {
    port,
    output: () => said.join(''),
    async heapBytes() {
      const answered = once(child, 'message');
      child.send('heap');
      return ((await answered)[0] as { heapBytes: number }).heapBytes;
    },
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async end() {
      child.kill('SIGTERM');
      return (await exited)[0] as number | null;
    },
  };
}
