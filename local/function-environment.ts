/** The environment of the functions, from which they read all their settings, as in Lambda. */
import { createHmac } from 'node:crypto';
import { environmentNames as names } from '../functions/runtime/environment-names.ts';
import type { EngineAccess } from './engine-access.ts';
import { type LiveCredentials, livePaths } from './live-server.ts';

export interface FunctionEnvironment {
  readonly endpoint: string;
  readonly engineAccess: EngineAccess;
  /** Whether we started the engine ourselves. */
  readonly isOwnEngine: boolean;
  readonly tableName: string;
  readonly adminKey: string;
  /** Name and port of the HTTP server and of the live server. */
  readonly address: string;
}

/**
 * Changes this process's environment. With an engine of our own, region and credentials are fixed,
 * whatever account this shell uses: the region is a part of the cells' item keys, so another region
 * would show other counts.
 *
 * @returns the credentials that the live server has to accept
 */
export function setFunctionEnvironment({
  endpoint,
  engineAccess,
  isOwnEngine,
  tableName,
  adminKey,
  address,
}: FunctionEnvironment): LiveCredentials {
  const { accessKeyId, secretAccessKey } = engineAccess.credentials;
  const access = {
    AWS_REGION: engineAccess.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  if (isOwnEngine) {
    delete process.env.AWS_PROFILE;
    delete process.env.AWS_SESSION_TOKEN;
    Object.assign(process.env, access);
  } else {
    for (const [name, value] of Object.entries(access)) process.env[name] ??= value;
  }
  const apiKey = liveApiKey(adminKey);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    [names.table]: tableName,
    [names.adminKey]: adminKey,
    // Nobody attacks a laptop, and curl has no solver at hand.
    [names.challengeBits]: '0',
    [names.liveHttp]: `http://${address}${livePaths.publish}`,
    [names.liveRealtime]: `ws://${address}${livePaths.realtime}`,
    [names.liveApiKey]: apiKey,
    // Metrics go to CloudWatch through the log, which is a terminal here.
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  return {
    apiKey,
    publisher: {
      region: process.env.AWS_REGION ?? '',
      credentials: {
        accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
        secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
      },
    },
  };
}

/** In AppSync's form. It is the same after a restart, so that an open page can connect again. */
function liveApiKey(adminKey: string): string {
  return `da2-${createHmac('sha256', adminKey).update('live updates').digest('hex').slice(0, 26)}`;
}
