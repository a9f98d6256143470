/** The environment, parsed once. A function with a wrong environment fails at its start and names the variable. */
import * as v from 'valibot';
import type { ChallengeEnvironment } from '../counters/challenge-environment.ts';
import type { LiveEndpoints } from '../counters/live-endpoints.ts';
import { environmentNames as names } from './environment-names.ts';

const text = v.pipe(v.string(), v.minLength(1));

const environmentSchema = v.object({
  [names.table]: text,
  [names.region]: text,
  [names.regions]: v.optional(text),
  [names.adminKey]: v.optional(text),
  [names.challengeSecret]: v.optional(text),
  [names.challengeUrl]: v.optional(v.pipe(v.string(), v.url())),
  [names.challengeBits]: v.optional(v.pipe(v.string(), v.regex(/^\d{1,2}$/), v.transform(Number))),
  [names.liveHttp]: v.optional(text),
  [names.liveRealtime]: v.optional(text),
  [names.liveApiKey]: v.optional(text),
});

export interface Environment {
  readonly tableName: string;
  readonly region: string;
  readonly regions: readonly string[];
  readonly adminKey: string | undefined;
  readonly challenge: ChallengeEnvironment;
  /** Undefined in a function that has nothing to do with live updates. */
  readonly live: LiveEndpoints | undefined;
}

/** @throws naming the variable that is missing */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): Environment {
  const result = v.safeParse(environmentSchema, variables);
  if (!result.success) {
    const missing = result.issues.map((issue) => v.getDotPath(issue)).join(', ');
    throw new Error(`the environment is incomplete: ${missing}`);
  }
  const region = result.output[names.region];
  const regions = result.output[names.regions]?.split(',') ?? [region];
  if (!regions.includes(region)) throw new Error(`${names.regions} must include ${region}`);
  return {
    tableName: result.output[names.table],
    region,
    regions,
    adminKey: result.output[names.adminKey],
    challenge: {
      secret: result.output[names.challengeSecret],
      url: result.output[names.challengeUrl],
      bits: result.output[names.challengeBits],
    },
    live: liveEndpoints(result.output),
  };
}

/** The secrets that CloudFront may show; none if it is not in front. */
export function readOriginSecrets(
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return variables[names.originSecrets]?.split(',').filter((secret) => secret !== '') ?? [];
}

/** @throws if the function needs live updates and the environment does not say where they go */
export function requireLive(live: LiveEndpoints | undefined): LiveEndpoints {
  if (live) return live;
  const { liveHttp, liveRealtime, liveApiKey } = names;
  throw new Error(`the environment is incomplete: ${liveHttp}, ${liveRealtime}, ${liveApiKey}`);
}

function liveEndpoints(output: v.InferOutput<typeof environmentSchema>): LiveEndpoints | undefined {
  const http = output[names.liveHttp];
  const realtime = output[names.liveRealtime];
  const apiKey = output[names.liveApiKey];
  return http && realtime && apiKey ? { http, realtime, apiKey } : undefined;
}
