import type { TallyConfig } from '../counters/define-counters.ts';
import { createHttpFunction, type HttpHandler, type Logger } from './http-function.ts';
import { operationsOf } from './operation.ts';
import { createSiteOperations } from './operations/site-operations.ts';

/** The function that describes the API, which everybody may see. */
export function createSiteFunction({
  config,
  logger,
}: {
  config: TallyConfig;
  logger: Logger;
}): HttpHandler {
  const operations = operationsOf('site', createSiteOperations());
  return createHttpFunction(operations, { config, access: undefined, logger });
}
