import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface LambdaFunction {
  /** One event at a time, as Lambda does. */
  invoke<Result>(event: unknown): Promise<Result>;
  /** Everything it has written to its log. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Runs a bundle in a process of its own that has nothing but what Lambda gives a function: no
 * node_modules, no home, no environment of ours.
 */
export async function startLambdaFunction(options: {
  folder: string;
  environment: Readonly<Record<string, string>>;
}): Promise<LambdaFunction> {
  const child = fork(join(import.meta.dirname, 'lambda-process.ts'), [options.folder], {
    cwd: options.folder,
    env: {
      LAMBDA_TASK_ROOT: options.folder,
      AWS_LAMBDA_FUNCTION_NAME: 'tally',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      TZ: ':UTC',
      ...options.environment,
    },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => said.push(text));
  }
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the function ended with ${code}: ${said.join('')}`);
  });
  exited.catch(() => {});
  const nextMessage = async () => (await Promise.race([once(child, 'message'), exited]))[0];
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
    async stop() {
      child.kill();
      await exited.catch(() => {});
    },
  };
}
