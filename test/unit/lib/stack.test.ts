import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, test } from 'vitest';
import { channelOf } from '../../../functions/counters/live.ts';
import { cellItemKey, memberItemKey, tokenItemKey } from '../../../functions/dynamo/item-keys.ts';
import { tableDefinition } from '../../../functions/dynamo/table-definition.ts';
import {
  defaultFunction,
  type FunctionName,
  methodsOf,
  routes,
} from '../../../functions/http/routes.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import { liveKey } from '../../../lib/live-updates.ts';
import { anyonesToken } from '../../harness/counts/anyones-token.ts';
import { createTallyStack } from '../../harness/stack/tally-app.ts';

const apiFunctionNames: readonly FunctionName[] = ['read', 'write', 'site'];
const functionNames = [...apiFunctionNames, 'stream'] as const;
const outdir = mkdtempSync(join(tmpdir(), 'tally-stack-'));
afterAll(() => rmSync(outdir, { recursive: true }));
const resources = synthesise();

describe('the API', () => {
  test('has a route for every entry of the routes table, and $default, and no other', () => {
    const expected = routes.flatMap((route) =>
      methodsOf(route).map((method): [string, string] => [
        `${method} ${route.path}`,
        route.servedBy,
      ]),
    );
    const actual = all('AWS::ApiGatewayV2::Route').map(({ RouteKey, Target }): [string, string] => [
      RouteKey,
      functionBehind(Target['Fn::Join'][1][1].Ref),
    ]);
    expect(new Map(actual)).toEqual(new Map([...expected, ['$default', defaultFunction]]));
    expect(actual).toHaveLength(expected.length + 1);
    // API Gateway takes so many unless it is asked for more.
    expect(actual.length).toBeLessThan(300);
  });

  test('may invoke every function, and the default one from $default too', () => {
    const permissions = all('AWS::Lambda::Permission').map(
      ({ FunctionName, SourceArn }) =>
        `${nameOf(FunctionName['Fn::GetAtt'][0])} ${SourceArn['Fn::Join'][1].at(-1)}`,
    );
    // An ARN of $default has two parts behind the API's id, that of a route at least three.
    const expected = [
      ...apiFunctionNames.map((name) => `${name} /*/*/*`),
      `${defaultFunction} /*/*`,
    ];
    expect(permissions.toSorted()).toEqual(expected.toSorted());
  });

  test('hands requests on in format 2.0 and leaves CORS to the functions', () => {
    for (const integration of all('AWS::ApiGatewayV2::Integration')) {
      expect(integration).toMatchObject({
        IntegrationType: 'AWS_PROXY',
        PayloadFormatVersion: '2.0',
      });
    }
    expect(only('AWS::ApiGatewayV2::Api')).not.toHaveProperty('CorsConfiguration');
  });

  test('is throttled, at a rate that a deployment can choose', () => {
    const throttle = (rate: number) => ({ ThrottlingRateLimit: rate, ThrottlingBurstLimit: rate });
    expect(only('AWS::ApiGatewayV2::Stage').DefaultRouteSettings).toEqual(throttle(2_000));
    const chosen = synthesise({ requestsPerSecond: '50' });
    expect(only('AWS::ApiGatewayV2::Stage', chosen).DefaultRouteSettings).toEqual(throttle(50));
  });

  test('logs accesses without paths, query strings or headers', () => {
    const { AccessLogSettings, StageName, AutoDeploy } = only('AWS::ApiGatewayV2::Stage');
    expect({ StageName, AutoDeploy }).toEqual({ StageName: '$default', AutoDeploy: true });
    expect(AccessLogSettings.DestinationArn).toBeDefined();
    expect(Object.keys(JSON.parse(AccessLogSettings.Format))).toContain('requestId');
    expect(AccessLogSettings.Format).not.toMatch(/path|query|header|authorizer|apiKey/i);
  });
});

describe('the table', () => {
  const table = only('AWS::DynamoDB::GlobalTable');
  const protection = {
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  };

  test('is the one of the table definition', () => {
    expect(table.KeySchema).toEqual([
      { AttributeName: tableDefinition.partitionKey, KeyType: 'HASH' },
      { AttributeName: tableDefinition.sortKey, KeyType: 'RANGE' },
    ]);
    expect(table.TimeToLiveSpecification).toEqual({
      AttributeName: tableDefinition.ttlAttribute,
      Enabled: true,
    });
    expect(table.StreamSpecification).toEqual({ StreamViewType: tableDefinition.streamViewType });
    expect(table.BillingMode).toBe('PAY_PER_REQUEST');
  });

  test('cannot be deleted by accident and can go back to any second', () => {
    expect(table.Replicas).toEqual([{ Region: { Ref: 'AWS::Region' }, ...protection }]);
    const [resource] = resources.filter(({ Type }) => Type === 'AWS::DynamoDB::GlobalTable');
    expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('has a copy in every region asked for, protected alike, and the functions know them', () => {
    const chosen = synthesise({ regions: 'eu-west-1,us-east-1' });
    const { Replicas } = only('AWS::DynamoDB::GlobalTable', chosen);
    expect(Replicas).toHaveLength(2);
    expect(Replicas).toContainEqual({ Region: 'eu-west-1', ...protection });
    expect(Replicas).toContainEqual({ Region: 'us-east-1', ...protection });
    const told = all('AWS::Lambda::Function', chosen).map(
      ({ Environment }) => Environment.Variables[environmentNames.regions],
    );
    const both = 'eu-west-1,us-east-1';
    expect(told).toEqual([both, both, undefined, both]);
  });

  test.each(['eu-west', 'eu-west-1,eu-west-1', 'eu-west-1;us-east-1'])(
    'a mistyped region list is refused: %s',
    (regions) => {
      expect(() => createUnbundled({ regions })).toThrow('context "regions"');
    },
  );
});

describe.each(functionNames)('the %s function', (name) => {
  const { Environment, Timeout, ...settings } = only(
    'AWS::Lambda::Function',
    resources.filter(of(name)),
  );

  test('runs on Node 24, on ARM, and gives up before its caller does', () => {
    expect(settings).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    // API Gateway waits 29 seconds, an event source mapping as long as Lambda lets a function run.
    expect(Timeout).toBeLessThan(name === 'stream' ? 900 : 29);
  });

  test('is told what it needs and nothing else', () => {
    const table = [environmentNames.table, environmentNames.regions];
    const { liveHttp, liveRealtime, liveApiKey } = environmentNames;
    const live = [liveHttp, liveRealtime, liveApiKey];
    const needs = {
      read: table,
      write: [...table, ...live],
      site: [],
      stream: [...table, ...live],
    };
    const expected = ['POWERTOOLS_SERVICE_NAME', 'POWERTOOLS_METRICS_NAMESPACE', ...needs[name]];
    expect(Object.keys(Environment.Variables).toSorted()).toEqual(expected.toSorted());
    expect(Environment.Variables.POWERTOOLS_SERVICE_NAME).toBe(`tally-${name}`);
  });

  test('may do what it needs and nothing else', () => {
    const get = ['dynamodb:BatchGetItem', 'dynamodb:GetItem'];
    const fold = [...get, 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
    // The writes that checking who calls takes; aws-rights.test.ts has the items they are limited to.
    const noteCaller = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:UpdateItem'];
    const read = [...get, 'dynamodb:Query', ...noteCaller];
    const write = [...fold, 'dynamodb:DeleteItem', 'dynamodb:Query'];
    const readStream = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
    const giveUp = ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'];
    const needs = {
      read,
      write,
      site: [],
      stream: [
        ...fold,
        'dynamodb:Query',
        ...readStream.map((action) => `dynamodb:${action}`),
        ...giveUp,
        'appsync:EventPublish',
      ],
    };
    const { Statement } = only('AWS::IAM::Policy', resources.filter(of(name))).PolicyDocument;
    const expected = ['logs:CreateLogStream', 'logs:PutLogEvents', ...needs[name]];
    expect(Statement.flatMap(({ Action }: Properties) => Action).toSorted()).toEqual(
      expected.toSorted(),
    );
    const scope = Statement.map(({ Action, Resource }: Properties) => [Action, Resource]);
    expect(JSON.stringify(scope)).not.toContain('*');
    expect(only('AWS::IAM::Role', resources.filter(of(name)))).not.toHaveProperty(
      'ManagedPolicyArns',
    );
  });
});

describe('the stream', () => {
  const mapping = only('AWS::Lambda::EventSourceMapping');

  test('is read from its first record, in order, with the name of its shard in every event', () => {
    expect(nameOf(mapping.FunctionName.Ref)).toBe('stream');
    expect(mapping.EventSourceArn['Fn::GetAtt']).toEqual([
      idOf('AWS::DynamoDB::GlobalTable'),
      'StreamArn',
    ]);
    expect(mapping).toMatchObject({ StartingPosition: 'TRIM_HORIZON', ParallelizationFactor: 1 });
    expect(mapping.TumblingWindowInSeconds).toBeGreaterThan(0);
    // With a tumbling window, Lambda takes an answer without state for a failure: see stream-function.ts.
    expect(mapping).not.toHaveProperty('FunctionResponseTypes');
  });

  test('is folded as soon as there is a record', () => {
    expect(mapping.MaximumBatchingWindowInSeconds).toBe(0);
  });

  test('is retried nearly as long as it lasts, and what is given up is named in a queue', () => {
    expect(mapping).toMatchObject({
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: 23 * 3600,
      BisectBatchOnFunctionError: true,
    });
    const { Destination } = mapping.DestinationConfig.OnFailure;
    expect(Destination['Fn::GetAtt']).toEqual([idOf('AWS::SQS::Queue'), 'Arn']);
    expect(only('AWS::SQS::Queue')).toEqual({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 3600,
    });
    const { Statement } = only('AWS::SQS::QueuePolicy').PolicyDocument;
    expect(Statement).toMatchObject([
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  const here = 'us-east-1';
  const name = { subject: 'post-42', counter: 'likes' };
  const token = tokenItemKey({ ...name, token: anyonesToken('a') }).pk;
  const member = memberItemKey({ ...name, member: 'ada' }).pk;
  const cell = cellItemKey({ ...name, region: here, shard: 0, window: '-' }).pk;
  const elsewhere = cellItemKey({ ...name, region: 'eu-west-1', shard: 0, window: '-' }).pk;
  const amount = { d: { N: '1' } };
  const writer = (writtenBy: string) => ({ w: { S: writtenBy } });
  test.each([
    ['a token that counts', token, undefined, amount, true],
    ['a token that another region wins', token, amount, amount, true],
    ['a token that counted and is a claim now', token, amount, {}, true],
    ['a claim', token, undefined, {}, false],
    ['a claim that moves on', token, {}, {}, false],
    ['a token that expires', token, amount, undefined, false],
    ['a member that comes', member, undefined, {}, true],
    ['a member that moves', member, {}, {}, true],
    ['a member that goes', member, {}, undefined, true],
    ['a cell that a request has made', cell, undefined, writer('d'), true],
    ['a cell that a request has changed', cell, writer(`f:${here}`), writer('d'), true],
    ['a cell that the fold has changed', cell, writer('d'), writer(`f:${here}`), false],
    ['a cell of another region', elsewhere, {}, writer('d'), true],
    ['a cell that another region has folded', elsewhere, {}, writer('f:eu-west-1'), true],
    ['a cell that expires', cell, writer('d'), undefined, false],
    ['somebody who listens', 'w#post-42#likes', undefined, {}, false],
    ['a ticket book', 't#queue#orders', {}, {}, false],
    ['an API key', 'k#', undefined, {}, false],
  ])('delivers what counts or is shown, and no other: %s', (_, pk, before, after, delivered) => {
    const imageOf = (image: object | undefined) => image && { ...image, pk: { S: pk } };
    const [OldImage, NewImage] = [before, after].map(imageOf);
    const event = { dynamodb: { Keys: { pk: { S: pk } }, OldImage, NewImage } };
    const patterns = mapping.FilterCriteria.Filters.map(({ Pattern }: Properties) =>
      JSON.parse(inRegion(Pattern, here)),
    );
    expect(patterns.some((pattern: Properties) => matches(pattern, event))).toBe(delivered);
  });

  test('is filtered by keys and images alone, since no more is promised to be seen', () => {
    for (const { Pattern } of mapping.FilterCriteria.Filters) {
      const pattern = JSON.parse(inRegion(Pattern, here));
      expect(Object.keys(pattern)).toEqual(['dynamodb']);
      for (const part of Object.keys(pattern.dynamodb)) {
        expect(['Keys', 'OldImage', 'NewImage']).toContain(part);
      }
    }
  });

  test('raises an alarm long before something is lost, and another when something is', () => {
    const alarms = all('AWS::CloudWatch::Alarm');
    expect(alarms).toHaveLength(2);
    expect(alarms).toContainEqual(
      expect.objectContaining({
        MetricName: 'IteratorAge',
        Dimensions: [{ Name: 'FunctionName', Value: mapping.FunctionName }],
        Statistic: 'Maximum',
        Threshold: 60_000,
        Period: 60,
        EvaluationPeriods: 5,
        DatapointsToAlarm: 3,
      }),
    );
    expect(alarms).toContainEqual(
      expect.objectContaining({
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [
          { Name: 'QueueName', Value: { 'Fn::GetAtt': [idOf('AWS::SQS::Queue'), 'QueueName'] } },
        ],
        Threshold: 1,
        EvaluationPeriods: 1,
      }),
    );
  });

  test('mails its alarms to the address that a deployment names, and otherwise to nobody', () => {
    expect(all('AWS::SNS::Topic')).toEqual([]);
    for (const alarm of all('AWS::CloudWatch::Alarm')) {
      expect(alarm).not.toHaveProperty('AlarmActions');
    }
    const chosen = synthesise({ alarmEmail: 'ops@example.com' });
    const topic = { Ref: idOf('AWS::SNS::Topic', chosen) };
    expect(only('AWS::SNS::Subscription', chosen)).toEqual({
      Protocol: 'email',
      Endpoint: 'ops@example.com',
      TopicArn: topic,
    });
    for (const alarm of all('AWS::CloudWatch::Alarm', chosen)) {
      expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    }
    const { Statement } = only('AWS::SNS::TopicPolicy', chosen).PolicyDocument;
    expect(Statement).toMatchObject([
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' } },
    ]);
    expect(() => createUnbundled({ alarmEmail: 'ops' })).toThrow('context "alarmEmail"');
  });
});

describe('live updates', () => {
  const [apiKey, iam] = [[{ AuthType: 'API_KEY' }], [{ AuthType: 'AWS_IAM' }]];
  const channels = only('AWS::AppSync::ChannelNamespace');

  test('are heard with the API key and spoken by a role only', () => {
    expect(only('AWS::AppSync::Api').EventConfig).toEqual({
      AuthProviders: [...apiKey, ...iam],
      ConnectionAuthModes: apiKey,
      DefaultSubscribeAuthModes: apiKey,
      DefaultPublishAuthModes: iam,
    });
    expect(channels).toMatchObject({ SubscribeAuthModes: apiKey, PublishAuthModes: iam });
  });

  test('are spoken by the stream function alone, in the channels of counters', () => {
    const speakers = resources.filter(
      ({ Type, Properties }) =>
        Type === 'AWS::IAM::Policy' && JSON.stringify(Properties).includes('appsync:'),
    );
    expect(speakers.map(({ id }) => nameOf(id))).toEqual(['stream']);
    const { Statement } = only('AWS::IAM::Policy', speakers).PolicyDocument;
    const { Resource } = Statement.find(
      ({ Action }: Properties) => Action === 'appsync:EventPublish',
    );
    expect(Resource['Fn::Join'][1].at(-1)).toBe(`/channelNamespace/${channels.Name}`);
  });

  const channel = channelOf(Buffer.alloc(32), { subject: 'post-42', counter: 'likes' });

  test('go through channels of the namespace', () => {
    expect(channel.split('/')[1]).toBe(channels.Name);
  });

  test.each([
    [channel, 'accepted'],
    ['/counters/*', 'refused'],
    ['/counters/0a1b/*', 'refused'],
    ['/*', 'refused'],
  ])('in %s are %s', (path, outcome) => {
    expect(subscribe(channels.CodeHandlers, path)).toBe(outcome);
  });

  test('are where the functions are told', () => {
    const { Variables } = only('AWS::Lambda::Function', resources.filter(of('write'))).Environment;
    const api = idOf('AWS::AppSync::Api');
    const dns = (attribute: string) => ({ 'Fn::GetAtt': [api, attribute] });
    const joined = (...parts: unknown[]) => ({ 'Fn::Join': ['', parts] });
    expect(Variables).toMatchObject({
      [environmentNames.liveHttp]: joined('https://', dns('Dns.Http'), '/event'),
      [environmentNames.liveRealtime]: joined('wss://', dns('Dns.Realtime'), '/event/realtime'),
      [environmentNames.liveApiKey]: { 'Fn::GetAtt': [idOf('AWS::AppSync::ApiKey'), 'ApiKey'] },
    });
  });

  const days = Array.from({ length: 3_000 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day, 12)));
  const dayMs = 24 * 3_600_000;

  test('have a key that lasts most of a year after any deployment, and no longer than AppSync allows', () => {
    for (const day of days) {
      const lastsDays = ((liveKey(day).expires?.date.getTime() ?? 0) - day.getTime()) / dayMs;
      expect(lastsDays).toBeGreaterThan(333);
      expect(lastsDays).toBeLessThanOrEqual(365);
    }
  });

  test('have the same key, in the same template, for a month', () => {
    const byMonth = Map.groupBy(days, (day) => day.toISOString().slice(0, 7));
    for (const month of byMonth.values()) {
      const keys = month.map((day) => JSON.stringify(liveKey(day)));
      expect(new Set(keys).size).toBe(1);
    }
  });

  test('have another key once AppSync may have deleted the last', () => {
    for (const day of days) {
      const { name, expires } = liveKey(day);
      const deleted = new Date((expires?.date.getTime() ?? 0) + 60 * dayMs);
      expect(liveKey(deleted).name).not.toBe(name);
    }
  });
});

test('every log is deleted after 30 days', () => {
  const logs = all('AWS::Logs::LogGroup');
  expect(logs).toHaveLength(functionNames.length + 1);
  for (const { RetentionInDays } of logs) expect(RetentionInDays).toBe(30);
});

test('a deployment ends with the address of the API and the name of the table', () => {
  const outputs = Template.fromStack(createUnbundled().stack).findOutputs('*');
  expect(Object.keys(outputs).toSorted()).toEqual(['ApiUrl', 'TableName']);
});

// biome-ignore lint/suspicious/noExplicitAny: the properties of a template have no types.
type Properties = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any
type Resource = Properties & {
  readonly Type: string;
  readonly Properties: Properties;
  readonly id: string;
};

/** The functions' code does not matter here, and bundling it takes seconds. */
function createUnbundled(context: Record<string, string> = {}) {
  return createTallyStack({ outdir, context: { 'aws:cdk:bundling-stacks': [], ...context } });
}

function synthesise(context?: Record<string, string>): Resource[] {
  const template = Template.fromStack(createUnbundled(context).stack).toJSON();
  return Object.entries<Resource>(template.Resources).map(([id, resource]) => ({
    ...resource,
    id,
  }));
}

function all(type: string, among = resources): Properties[] {
  return among.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
}

function only(type: string, among = resources): Properties {
  const found = all(type, among);
  expect(found, type).toHaveLength(1);
  return found[0] ?? {};
}

function of(name: string) {
  return (resource: Resource) => nameOf(resource.id) === name;
}

/** The construct that a resource belongs to: the part of its path behind the stack's. */
function nameOf(id: string): string {
  const path: string =
    resources.find((resource) => resource.id === id)?.Metadata['aws:cdk:path'] ?? '';
  return path.split('/')[1]?.toLowerCase() ?? '';
}

function idOf(type: string, among = resources): string {
  return among.find(({ Type }) => Type === type)?.id ?? '';
}

/** A text that may name the region that it is deployed in. */
const inRegion = (text: unknown, region: string): string =>
  typeof text === 'string'
    ? text
    : ((text as Properties)['Fn::Join'][1] as readonly unknown[])
        .map((part) => (typeof part === 'string' ? part : region))
        .join('');

/** As Lambda matches events, as far as our patterns go; a rule on a value takes that there is one. */
function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) {
    if (value === undefined) return false;
    return pattern.some((rule: Properties) => {
      if (rule.exists === true) return true;
      if (rule['anything-but'] !== undefined) return !rule['anything-but'].includes(value);
      return typeof value === 'string' && value.startsWith(rule.prefix);
    });
  }
  return Object.entries(pattern as Properties).every(([name, inner]) =>
    matches(inner, (value as Properties | undefined)?.[name]),
  );
}

/** Runs a namespace's handler as AppSync would when somebody subscribes. */
function subscribe(code: string, path: string): 'accepted' | 'refused' {
  const script = code.replace(/^import .*$/m, '').replace('export ', '');
  let outcome: 'accepted' | 'refused' = 'accepted';
  const error = () => {
    outcome = 'refused';
  };
  runInNewContext(`${script}; onSubscribe(ctx)`, {
    util: { error },
    ctx: { info: { channel: { path } } },
  });
  return outcome;
}

function functionBehind(integrationId: string): string {
  const integration = resources.find(({ id }) => id === integrationId);
  return nameOf(integration?.Properties.IntegrationUri['Fn::GetAtt'][0]);
}
