import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  IpAddressType,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  defaultFunction,
  type FunctionName,
  jwtPrefix,
  methodsOf,
  routes,
} from '../functions/http/routes.ts';
import type { CounterFunction } from './counter-function.ts';
import type { IdentityProvider } from './deployment-options.ts';

export interface CounterApiProps {
  readonly functions: Readonly<Record<FunctionName, CounterFunction>>;
  /** API Gateway answers 429 above so many requests a second. */
  readonly requestsPerSecond: number;
  /** Its tokens are accepted, on routes of their own; undefined accepts none. */
  readonly identityProvider: IdentityProvider | undefined;
}

/**
 * The front door: an HTTP API with one route for each entry of the route table. With an identity provider,
 * each route that takes a right has a twin behind an authorizer: an authorizer applies to all requests to
 * a route, and requests with an API key must not meet it.
 */
export class CounterApi extends Construct {
  /** Ends without a slash, so that `$URL/v1/…` works. */
  readonly url: string;
  readonly host: string;

  constructor(
    scope: Construct,
    id: string,
    { functions, requestsPerSecond, identityProvider }: CounterApiProps,
  ) {
    super(scope, id);
    const integrations = {
      read: lambdaIntegration('Read', functions.read),
      write: lambdaIntegration('Write', functions.write),
      site: lambdaIntegration('Site', functions.site),
    } satisfies Record<FunctionName, HttpLambdaIntegration>;

    // No CORS settings here: tally.config.ts names the origins, and the functions answer preflight
    // requests through the default route, so that `npm start` behaves the same.
    const api = new HttpApi(this, 'Api', {
      apiName: Stack.of(this).stackName,
      description: 'Tally, a distributed counter',
      ipAddressType: IpAddressType.DUAL_STACK,
      // It has its own permission for `$default`, which the permissions of the routes do not match.
      defaultIntegration: new HttpLambdaIntegration('CatchAll', functions[defaultFunction].lambda),
      createDefaultStage: false,
    });
    const authorizer = identityProvider && jwtAuthorizer(identityProvider);
    for (const { method, path, servedBy, right } of routes) {
      const methods = methodsOf({ method }).map((own) => HttpMethod[own]);
      const integration = integrations[servedBy];
      api.addRoutes({ path, methods, integration });
      if (!authorizer || right === 'none' || right === 'challenge') continue;
      api.addRoutes({ path: `${jwtPrefix}${path}`, methods, integration, authorizer });
    }
    Validations.of(api).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'Every counter says in tally.config.ts who may read and write it; the functions check that, in AWS as on a laptop.',
    });

    new HttpStage(this, 'Stage', {
      httpApi: api,
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecond, burstLimit: requestsPerSecond },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog()),
        format: accessLogFormat,
      },
    });
    this.url = api.apiEndpoint;
    this.host = `${api.apiId}.execute-api.${Stack.of(this).region}.${Stack.of(this).urlSuffix}`;
  }

  /** Logs under /aws/vendedlogs/ take no room in the account's small resource policy for logs. */
  private accessLog(): LogGroup {
    return new LogGroup(this, 'AccessLog', {
      logGroupName: `/aws/vendedlogs/apigateway/${Stack.of(this).stackName}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

/** API Gateway checks signature, issuer, audience and time; the functions check what a token may do. */
function jwtAuthorizer({ issuer, audience }: IdentityProvider): HttpJwtAuthorizer {
  return new HttpJwtAuthorizer('Jwt', issuer, { jwtAudience: [...audience] });
}

/** One permission per function and not per route: a function's policy has room for a few dozen. */
function lambdaIntegration(id: string, { lambda }: CounterFunction): HttpLambdaIntegration {
  return new HttpLambdaIntegration(id, lambda, {
    payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
    scopePermissionToRoute: false,
  });
}

/**
 * Logs the route and not the path: paths name users and members, and query strings and headers may carry
 * tokens and keys. The request id leads to the function's own log.
 */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    time: AccessLogField.contextRequestTimeEpoch(),
    ip: AccessLogField.contextIdentitySourceIp(),
    route: AccessLogField.contextRouteKey(),
    status: AccessLogField.contextStatus(),
    bytes: AccessLogField.contextResponseLength(),
    milliseconds: AccessLogField.contextResponseLatency(),
    functionMilliseconds: AccessLogField.contextIntegrationLatency(),
    error: AccessLogField.contextErrorResponseType(),
  }),
);
