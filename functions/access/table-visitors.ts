import type { ChallengeEnvironment } from '../counters/challenge-environment.ts';
import type { CounterContext } from '../counters/counter-context.ts';
import type { Counters } from '../counters/counters.ts';
import { callerLimits } from '../rules/caller-limits.ts';
import type { CallerLimits } from './caller-limits.ts';
import { createChallenge } from './challenges/create-challenge.ts';
import { createVisitors, type Visitors } from './visitors.ts';

/** Visitors as the configuration and the environment have them, by the secret in the table. */
export function createTableVisitors({
  context: { config, now },
  counters: { secrets },
  limits,
  environment,
}: {
  context: CounterContext;
  counters: Pick<Counters, 'secrets'>;
  limits: CallerLimits;
  environment: ChallengeEnvironment;
}): Visitors {
  const settings = config.settings.visitors;
  const challenge = createChallenge({ settings, environment, secrets, now });
  return createVisitors({
    settings,
    challenge,
    secrets,
    now,
    limitNewcomers: (address) => limits.take(callerLimits.newVisitors, address, 1),
  });
}
