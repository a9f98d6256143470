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
import { defaultFunction, type FunctionName, jwtPrefix, routes } from '../functions/http/routes.ts';
import type { CounterFunction } from './counter-function.ts';
import type { IdentityProvider } from './deployment-options.ts';

export interface CounterApiProps {
  readonly functions: Readonly<Record<FunctionName, CounterFunction>>;
  /** Requests a second from which API Gateway answers 429. */
  readonly requestsPerSecond: number;
  /** Whose tokens are taken, on routes of their own; undefined: nobody's. */
  readonly identityProvider: IdentityProvider | undefined;
}

/**
 * The front door: an HTTP API with one route per entry of the routes table. With an identity provider,
 * each route that takes a right has a twin behind its authorizer, since an authorizer is for all
 * requests to a route, and those with an API key must get past it.
 */
export class CounterApi extends Construct {
  /** Without a slash at the end, so that `$URL/v1/…` is right. */
  readonly url: string;

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

    // No CORS settings here: origins are part of tally.config.ts and the functions answer preflight
    // requests, which no route is written for, so that `npm start` behaves the same.
    const api = new HttpApi(this, 'Api', {
      apiName: Stack.of(this).stackName,
      description: 'Tally, a distributed counter',
      ipAddressType: IpAddressType.DUAL_STACK,
      // One of its own: its permission covers `$default`, which the permission below does not match.
      defaultIntegration: new HttpLambdaIntegration('CatchAll', functions[defaultFunction].lambda),
      createDefaultStage: false,
    });
    const authorizer = identityProvider && jwtAuthorizer(identityProvider);
    for (const { method, path, servedBy, right } of routes) {
      const methods = [HttpMethod[method]];
      const integration = integrations[servedBy];
      api.addRoutes({ path, methods, integration });
      if (!authorizer || right === 'none') continue;
      api.addRoutes({ path: `${jwtPrefix}${path}`, methods, integration, authorizer });
    }
    Validations.of(api).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'Every counter says in tally.config.ts who may read and write it; the functions check that, here as on a laptop.',
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
  }

  /** Named under /aws/vendedlogs/, which is not written into the account's small log resource policy. */
  private accessLog(): LogGroup {
    return new LogGroup(this, 'AccessLog', {
      logGroupName: `/aws/vendedlogs/apigateway/${Stack.of(this).stackName}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

/** API Gateway checks signature, issuer, audience and time; what a token may do is for the functions. */
function jwtAuthorizer({ issuer, audience }: IdentityProvider): HttpJwtAuthorizer {
  return new HttpJwtAuthorizer('Jwt', issuer, { jwtAudience: [...audience] });
}

/** One permission per function, not per route: a function's policy has room for a few dozen only. */
function lambdaIntegration(id: string, { lambda }: CounterFunction): HttpLambdaIntegration {
  return new HttpLambdaIntegration(id, lambda, {
    payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
    scopePermissionToRoute: false,
  });
}

/**
 * The route and not the path: paths name users and members, and query strings and headers may carry
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
