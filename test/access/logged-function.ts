import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface LoggedFunction {
  /** One event at a time, as Lambda does. */
  invoke<Result>(event: unknown): Promise<Result>;
  /** Everything it has written to its log. */
  log(): string;
  stop(): void;
}

/** A bundle in a process of its own, in an environment as Lambda's, of which the log is kept. */
export async function startLoggedFunction(options: {
  folder: string;
  environment: Readonly<Record<string, string>>;
}): Promise<LoggedFunction> {
  const script = join(import.meta.dirname, '../http/lambda-process.ts');
  const child = fork(script, [options.folder], {
    env: { AWS_LAMBDA_FUNCTION_NAME: 'tally', AWS_EXECUTION_ENV: 'test', ...options.environment },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => said.push(text));
  }
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(said.join(''))));
  ended.catch(() => {});
  const nextMessage = async () => (await Promise.race([once(child, 'message'), ended]))[0];
  await nextMessage();
  return {
    async invoke<Result>(event: unknown) {
      const message = nextMessage();
      child.send(event as object);
      const { result, error } = (await message) as { result: Result; error?: string };
      if (error !== undefined) throw new Error(error);
      return result;
    },
    log: () => said.join(''),
    stop: () => void child.kill(),
  };
}
