import { Expiration, Stack } from 'aws-cdk-lib';
import {
  type AppSyncApiKeyConfig,
  AppSyncAuthorizationType,
  type ChannelNamespace,
  Code,
  EventApi,
} from 'aws-cdk-lib/aws-appsync';
import { Construct } from 'constructs';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import type { CounterFunction } from './counter-function.ts';

/** The first segment of every channel that functions/counters/live.ts names. */
const namespace = 'counters';

/**
 * Anyone who knows the name of a channel may listen to it, so nobody may listen without naming one:
 * AppSync itself would take `/counters/*`, which is all of them. It answers an error and not
 * `util.unauthorized()`, because clients then drop their whole connection and keep reconnecting. This
 * runs in AppSync's own JavaScript, which has neither regular expressions nor exceptions.
 */
const refuseWildcards = `import { util } from '@aws-appsync/utils';

export function onSubscribe(ctx) {
  if (ctx.info.channel.path.includes('*')) {
    util.error('A channel must be named in full.', 'BadRequestException');
  }
}
`;

/** The event API for live updates: anybody with the key may listen, one role may publish. */
export class LiveUpdates extends Construct {
  private readonly channels: ChannelNamespace;
  private readonly endpoints: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const apiKeyConfig = liveKey(new Date());
    const listen = [AppSyncAuthorizationType.API_KEY];
    const speak = [AppSyncAuthorizationType.IAM];
    // AppSync writes no log: it would hold the names of channels, and a line for each connection and
    // message costs about as much as the message. CloudWatch has their numbers as metrics, and the stream
    // function logs what it could not publish.
    const api = new EventApi(this, 'Api', {
      apiName: Stack.of(this).stackName.slice(0, 50),
      authorizationConfig: {
        authProviders: [
          { authorizationType: AppSyncAuthorizationType.API_KEY, apiKeyConfig },
          { authorizationType: AppSyncAuthorizationType.IAM },
        ],
        connectionAuthModeTypes: listen,
        defaultSubscribeAuthModeTypes: listen,
        defaultPublishAuthModeTypes: speak,
      },
    });
    this.channels = api.addChannelNamespace('Channels', {
      channelNamespaceName: namespace,
      authorizationConfig: { subscribeAuthModeTypes: listen, publishAuthModeTypes: speak },
      code: Code.fromInline(refuseWildcards),
    });
    this.endpoints = {
      [environmentNames.liveHttp]: `https://${api.httpDns}/event`,
      [environmentNames.liveRealtime]: `wss://${api.realtimeDns}/event/realtime`,
      // Not a secret: everyone who asks where to listen is told it, and it allows nothing but listening.
      [environmentNames.liveApiKey]: api.apiKeys[apiKeyConfig.name]?.attrApiKey ?? '',
    };
  }

  /** Lets a function say where to listen. */
  addEndpoints({ lambda }: CounterFunction): void {
    for (const [name, value] of Object.entries(this.endpoints)) lambda.addEnvironment(name, value);
  }

  /** Lets a function publish. */
  grantPublish(publisher: CounterFunction): void {
    this.channels.grantPublish(publisher.lambda);
    this.addEndpoints(publisher);
  }
}

/**
 * The key to listen with. AppSync's keys last at most 365 days, so each deployment renews it. The time
 * counts from the first of the month, so that the template of a commit stays the same for a month. Each
 * calendar year has its own key, because AppSync deletes a key 60 days after it expired: the next
 * deployment is then in another year and makes a new one.
 */
export function liveKey(now: Date): AppSyncApiKeyConfig & { name: string } {
  const year = now.getUTCFullYear();
  const expires = new Date(Date.UTC(year, now.getUTCMonth(), 1));
  expires.setUTCDate(expires.getUTCDate() + 365);
  return {
    name: `Listen${year}`,
    description: 'To listen to live updates; GET …/live returns it',
    expires: Expiration.atDate(expires),
  };
}
