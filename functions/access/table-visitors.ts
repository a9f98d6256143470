import type { ChallengeEnvironment } from '../counters/challenge-environment.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import type { Counters } from '../counters/counters.ts';
import { createChallenge } from './challenges/create-challenge.ts';
import { createVisitors, type Visitors } from './visitors.ts';

/** Visitors as the configuration and the environment have them, by the secret in the table. */
export function createTableVisitors({
  context: { config, now },
  counters: { secrets },
  environment,
}: {
  context: CounterContext;
  counters: Pick<Counters, 'secrets'>;
  environment: ChallengeEnvironment;
}): Visitors {
  const settings = config.settings.visitors;
  const challenge = createChallenge({ settings, environment, secrets, now });
  return createVisitors({
    settings,
    challenge,
    secrets,
    now,
    limitNewcomers: async () => undefined,
  });
}
