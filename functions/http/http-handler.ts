import type { TallyConfig } from '../counters/define-counters.ts';
import { createAccess } from './access.ts';
import { createAnswer, type Operation } from './answer-request.ts';
import { createPipeline } from './pipeline.ts';

export interface HttpHandlerOptions {
  readonly config: TallyConfig;
  readonly adminKey: string | undefined;
  readonly logger: { error(message: string, error: Error): void };
}

/** The handler of one function: its operations behind the pipeline that all share. */
export function createHttpHandler(
  operations: Readonly<Record<string, Operation>>,
  { config, adminKey, logger }: HttpHandlerOptions,
) {
  const answer = createAnswer({
    operations,
    config,
    access: createAccess(adminKey),
    logError: (message, error) => logger.error(message, error),
  });
  return createPipeline({ answer, corsOrigins: config.settings.corsOrigins });
}

export type HttpHandler = ReturnType<typeof createHttpHandler>;
