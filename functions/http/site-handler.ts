import { Logger } from '@aws-lambda-powertools/logger';
import { tally } from '../../tally.config.ts';
import { createSiteFunction } from './site-function.ts';

/** Has a wiring of its own: this function has no rights to the table, so it must not need one. */
export const handler = createSiteFunction({
  config: tally,
  logger: new Logger({ serviceName: 'tally' }),
});
