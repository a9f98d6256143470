import { Logger } from '@aws-lambda-powertools/logger';
import { tally } from '../../tally.config.ts';
import { readOriginSecrets } from '../runtime/environment.ts';
import { behindEdge } from './behind-edge.ts';
import { createSiteFunction } from './site-function.ts';

/** Has a wiring of its own: this function has no rights to the table, so it must not need one. */
export const handler = behindEdge(
  createSiteFunction({ config: tally, logger: new Logger({ serviceName: 'tally' }) }),
  readOriginSecrets(process.env),
);
