/** The rights of the functions in AWS, and what a flood may cost there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  allowanceItemKey,
  apiKeyItemKey,
  apiKeyUseItemKey,
  cellItemKey,
  secretItemKey,
} from '../../../functions/dynamo/item-keys.ts';
import { itemPrefixes } from '../../../functions/dynamo/item-prefixes.ts';
import { jwtPrefix, methodsOf, type Right, routes } from '../../../functions/http/routes.ts';
import { environmentNames } from '../../../functions/runtime/environment-names.ts';
import { createTallyStack } from '../../harness/stack/tally-app.ts';

const outdir = mkdtempSync(join(tmpdir(), 'tally-access-'));
afterAll(() => rmSync(outdir, { recursive: true }));

// biome-ignore lint/suspicious/noExplicitAny: the properties of a template have no types.
type Properties = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any

function synthesise(context: Record<string, string | number> = {}): Template {
  const unbundled = { 'aws:cdk:bundling-stacks': [] };
  return Template.fromStack(
    createTallyStack({ outdir, context: { ...unbundled, ...context } }).stack,
  );
}

const all = (template: Template, type: string): Properties[] =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties as Properties);

const plain = synthesise();

/** Those who have an identity token need not become visitors. */
const takesRight = (right: Right) => right !== 'none' && right !== 'challenge';

describe('an identity provider', () => {
  const issuer = 'https://id.example.com/';
  const chosen = synthesise({ jwtIssuer: issuer, jwtAudience: 'tally, https://tally.example.com' });
  const routeKeys = (template: Template) => all(template, 'AWS::ApiGatewayV2::Route');
  const isTwin = ({ RouteKey }: Properties) => RouteKey.includes(` ${jwtPrefix}/`);

  test('is nobody unless a deployment names one', () => {
    expect(all(plain, 'AWS::ApiGatewayV2::Authorizer')).toEqual([]);
    expect(routeKeys(plain).filter(isTwin)).toEqual([]);
    for (const { AuthorizationType = 'NONE' } of routeKeys(plain)) {
      expect(AuthorizationType).toBe('NONE');
    }
  });

  test('signs the tokens that API Gateway verifies', () => {
    expect(all(chosen, 'AWS::ApiGatewayV2::Authorizer')).toMatchObject([
      {
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Issuer: issuer, Audience: ['tally', 'https://tally.example.com'] },
      },
    ]);
  });

  test('has a route of its own beside every route that takes a right, and no other', () => {
    const [authorizer] = Object.keys(chosen.findResources('AWS::ApiGatewayV2::Authorizer'));
    const twins = routeKeys(chosen).filter(isTwin);
    expect(twins.map(({ RouteKey }): string => RouteKey).toSorted()).toEqual(
      routes
        .filter(({ right }) => takesRight(right))
        .flatMap((route) => methodsOf(route).map((method) => `${method} ${jwtPrefix}${route.path}`))
        .toSorted(),
    );
    for (const twin of twins) {
      expect(twin).toMatchObject({
        AuthorizationType: 'JWT',
        AuthorizerId: { Ref: authorizer },
      });
    }
  });

  test('has its routes answered by the same functions', () => {
    const targets = new Map(
      routeKeys(chosen).map(({ RouteKey, Target }) => [RouteKey, JSON.stringify(Target)]),
    );
    for (const { method, path, right, servedBy } of routes) {
      if (!takesRight(right)) continue;
      const twin = targets.get(`${method} ${jwtPrefix}${path}`);
      expect(twin, servedBy).toBe(targets.get(`${method} ${path}`));
    }
  });

  test('does not keep API keys from the plain routes', () => {
    const others = routeKeys(chosen).filter((route) => !isTwin(route));
    expect(others).toHaveLength(routes.flatMap(methodsOf).length + 1);
    for (const { AuthorizationType = 'NONE' } of others) expect(AuthorizationType).toBe('NONE');
  });

  test.each([
    ['an issuer without https', { jwtIssuer: 'id.example.com', jwtAudience: 'tally' }, 'jwtIssuer'],
    ['an issuer without an audience', { jwtIssuer: issuer }, 'jwtAudience'],
    ['an audience without an issuer', { jwtAudience: 'tally' }, 'jwtIssuer'],
  ])('is refused: %s', (_, context, name) => {
    expect(() => synthesise(context as Record<string, string>)).toThrow(`context "${name}"`);
  });
});

describe('the read function', () => {
  const statements = Object.entries(plain.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith('Read'))
    .flatMap(([, { Properties: policy }]) => policy.PolicyDocument.Statement as Properties[]);
  const writes = statements.filter(({ Action }) =>
    /dynamodb:(?:Put|Update|Delete)/.test(String(Action)),
  );

  /** As IAM evaluates the conditions that we use: every value has to be like one of the patterns. */
  function mayWrite(action: string, partitionKey: string): boolean {
    return writes.some(({ Action, Condition }) => {
      const keys: string[] = Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'];
      return (
        Action === `dynamodb:${action}` && keys.some((pattern) => isLike(partitionKey, pattern))
      );
    });
  }

  function isLike(text: string, pattern: string): boolean {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[.?+^$()[\]{}|\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
  }

  const cell = (subject: string, counter: string) =>
    cellItemKey({ subject, counter, region: 'us-east-1', shard: 0, window: '-' }).pk;
  const key = apiKeyItemKey('id').pk;
  const region = 'us-east-1';
  const callers = allowanceItemKey({ limit: 'key-calls', caller: 'id', region }).pk;
  const limit = allowanceItemKey({ subject: 'q', counter: 'calls', region }).pk;

  test('may note who called', () => {
    expect(mayWrite('UpdateItem', apiKeyUseItemKey('id').pk)).toBe(true);
    expect(mayWrite('UpdateItem', callers)).toBe(true);
    expect(mayWrite('PutItem', secretItemKey.pk)).toBe(true);
  });

  test.each([
    ['change anything of a key', 'UpdateItem', key],
    ['make a key', 'PutItem', key],
    ['revoke a key', 'DeleteItem', key],
    ['change the secret', 'UpdateItem', secretItemKey.pk],
    ['forget a use', 'DeleteItem', apiKeyUseItemKey('id').pk],
    ['change a count', 'UpdateItem', cell('post-42', 'likes')],
    ['change a count named like it', 'UpdateItem', cell('q', 'likes')],
    ['take from a limit', 'UpdateItem', limit],
    ['put what a caller may do', 'PutItem', callers],
    ['put a ledger item', 'PutItem', `${itemPrefixes.token}post-42#likes#hash`],
    ['put a member', 'PutItem', `${itemPrefixes.member}post-42#reactions#ada`],
    ['put settings', 'PutItem', `${itemPrefixes.settings}resto-7`],
    ['change settings', 'UpdateItem', `${itemPrefixes.settings}resto-7`],
    ['put what begins like the secret', 'PutItem', `${secretItemKey.pk}s`],
    ['change what begins like a use', 'UpdateItem', `${apiKeyUseItemKey('id').pk}id`],
  ])('may not %s', (_, action, partitionKey) => {
    expect(mayWrite(action, partitionKey)).toBe(false);
  });

  test('may not write where a request names no key at all', () => {
    // ForAllValues is also true where there are no values.
    expect(writes).toHaveLength(3);
    for (const { Condition, Resource } of writes) {
      expect(Condition.Null).toEqual({ 'dynamodb:LeadingKeys': 'false' });
      expect(JSON.stringify(Resource)).not.toContain('*');
    }
  });
});

describe('the bill', () => {
  const onDemand = (template: Template) => all(template, 'AWS::DynamoDB::GlobalTable')[0] ?? {};

  test('has a limit on what the table writes, and on what it reads if a deployment sets one', () => {
    const writes = ({ WriteOnDemandThroughputSettings: it }: Properties) => it.MaxWriteRequestUnits;
    expect(writes(onDemand(plain))).toBe(8_000);
    expect(JSON.stringify(onDemand(plain))).not.toContain('ReadOnDemandThroughput');
    // It follows the requests that the API takes, up to the quota of a table.
    expect(writes(onDemand(synthesise({ requestsPerSecond: '50' })))).toBe(200);
    expect(writes(onDemand(synthesise({ requestsPerSecond: '20000' })))).toBe(40_000);
    const chosen = onDemand(synthesise({ maxReadUnits: '500', maxWriteUnits: 200 }));
    expect(chosen.WriteOnDemandThroughputSettings).toEqual({ MaxWriteRequestUnits: 200 });
    expect(chosen.Replicas[0].ReadOnDemandThroughputSettings).toEqual({ MaxReadRequestUnits: 500 });
  });

  test('is watched by a budget that mails, as soon as there is an address', () => {
    expect(all(plain, 'AWS::Budgets::Budget')).toEqual([]);
    const email = 'ops@example.com';
    const [unset] = all(synthesise({ alarmEmail: email }), 'AWS::Budgets::Budget');
    expect(unset?.Budget.BudgetLimit).toEqual({ Amount: 100, Unit: 'USD' });
    const [budget] = all(
      synthesise({ monthlyBudgetUsd: '40', alarmEmail: email }),
      'AWS::Budgets::Budget',
    );
    expect(budget?.Budget).toEqual({
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: 40, Unit: 'USD' },
    });
    const mails = budget?.NotificationsWithSubscribers as Properties[];
    expect(
      mails.map(({ Notification: it }) => `${it.NotificationType} ${it.Threshold}`).toSorted(),
    ).toEqual(['ACTUAL 100', 'ACTUAL 50', 'FORECASTED 100']);
    for (const { Subscribers } of mails) {
      expect(Subscribers).toEqual([{ SubscriptionType: 'EMAIL', Address: email }]);
    }
  });

  test('cannot have a budget that tells nobody', () => {
    expect(() => synthesise({ monthlyBudgetUsd: '40' })).toThrow('needs "alarmEmail"');
  });
});

test('a flood of writes leaves reads the concurrency that a deployment reserves from it', () => {
  const reserved = (template: Template) =>
    Object.entries(template.findResources('AWS::Lambda::Function')).flatMap(([id, function_]) => {
      const { ReservedConcurrentExecutions: count } = function_.Properties as Properties;
      return count === undefined ? [] : [`${id.slice(0, 5)} ${count}`];
    });
  // A reservation fails in an account that has ten in all, as new ones do.
  expect(reserved(plain)).toEqual([]);
  expect(reserved(synthesise({ writeConcurrency: '50' }))).toEqual(['Write 50']);
});

test.each(['maxReadUnits', 'maxWriteUnits', 'writeConcurrency', 'monthlyBudgetUsd'])(
  'a mistyped %s is refused',
  (name) => {
    for (const value of ['0', '-1', '1.5', 'many', '']) {
      expect(() => synthesise({ [name]: value }), value).toThrow(`context "${name}"`);
    }
  },
);

test('the key that has every right on a laptop never reaches AWS', () => {
  vi.stubEnv(environmentNames.adminKey, 'tally_admin_0123456789abcdefghij');
  const template = JSON.stringify(synthesise().toJSON());
  vi.unstubAllEnvs();
  expect(template).toContain(environmentNames.table);
  expect(template).not.toContain(environmentNames.adminKey);
  expect(template).not.toContain('0123456789abcdefghij');
});
