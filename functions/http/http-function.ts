import type { Access } from '../access/access.ts';
import type { TallyConfig } from '../counters/define-counters.ts';
import { createAnswer } from './answer-request.ts';
import type { Operation } from './operation.ts';
import { createPipeline } from './pipeline.ts';

export interface Logger {
  error(message: string, error: Error): void;
}

export interface HttpFunctionOptions {
  readonly config: TallyConfig;
  /** Undefined for a function that serves only what everybody may see. */
  readonly access: Access | undefined;
  readonly logger: Logger;
}

/** The handler of one function: its operations, behind the pipeline that all functions share. */
export function createHttpFunction(
  operations: ReadonlyMap<string, Operation>,
  { config, access, logger }: HttpFunctionOptions,
) {
  const answer = createAnswer({
    operations,
    config,
    access,
    logError: (message, error) => logger.error(message, error),
  });
  const { corsOrigins, corsHeaders } = config.settings;
  return createPipeline({ answer, corsOrigins, corsHeaders });
}

export type HttpHandler = ReturnType<typeof createHttpFunction>;
