/** `npm start` as a process of its own, on a free port, for tests that end it in every way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface TallyServer {
  readonly url: string;
  /** Sends the signal and waits for the end. @returns exit code and signal */
  end(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<unknown>;
}

export interface TallyServerOptions {
  readonly dataFolder: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const script = join(import.meta.dirname, '../../../bin/local.ts');

/** Resolves once the server is ready. */
export async function startTallyServer(options: TallyServerOptions): Promise<TallyServer> {
  const { AWS_ENDPOINT_URL_DYNAMODB: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [script], {
    env: { ...inherited, PORT: '0', TALLY_DATA: options.dataFolder, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const complaints: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  const url = await Promise.race([listeningAt(child.stdout), exited.then(() => undefined)]);
  if (url === undefined) throw new Error(`the server ended: ${complaints.join('')}`);
  const health = await fetch(`${url}/v1/health`);
  if (health.status !== 200) throw new Error(`the server is not healthy: ${health.status}`);
  return {
    url,
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** Keeps reading afterwards, because a full pipe would block the server. */
function listeningAt(output: Readable): Promise<string> {
  return new Promise((resolve) => {
    createInterface(output).on('line', (line) => {
      const url = /Tally listens on (http:\/\/localhost:\d+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}
