/** Everything a function needs, wired once per container. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { tally } from '../../tally.config.ts';
import type { ChallengeEnvironment } from '../counters/challenge-environment.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import type { TallyConfig } from '../counters/define-counters.ts';
import type { LiveEndpoints } from '../counters/live-endpoints.ts';
import { createStores } from '../dynamo/create-stores.ts';
import { createDynamoClients, type DynamoClients } from '../dynamo/dynamo-clients.ts';
import { readEnvironment } from './environment.ts';

export interface Dependencies {
  readonly config: TallyConfig;
  readonly context: CounterContext;
  readonly adminKey: string | undefined;
  readonly live: LiveEndpoints | undefined;
  readonly challenge: ChallengeEnvironment;
  readonly clients: DynamoClients;
  readonly tableName: string;
  readonly logger: Logger;
}

/** @throws if the environment is incomplete */
export function createDependencies(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Dependencies {
  const { tableName, region, regions, adminKey, live, challenge } = readEnvironment(variables);
  const random = Math.random;
  const clients = createDynamoClients();
  const context: CounterContext = {
    config: tally,
    stores: createStores({ clients, tableName, random, pause }),
    region,
    regions,
    now: Date.now,
    random,
    newToken: randomUUID,
    pause,
  };
  const logger = new Logger({ serviceName: variables.POWERTOOLS_SERVICE_NAME ?? 'tally' });
  return { config: tally, context, clients, tableName, adminKey, live, challenge, logger };
}
