import { Logger } from '@aws-lambda-powertools/logger';
import { tally } from '../../tally.config.ts';
import { createHttpFunction } from './http-function.ts';
import { createSiteOperations } from './operations/site-operations.ts';

/** Wired by itself: this function has no rights to the table, so it must not ask for one. */
export const handler = createHttpFunction(createSiteOperations(), {
  config: tally,
  access: undefined,
  logger: new Logger({ serviceName: 'tally' }),
});
