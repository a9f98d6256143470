/** Whatever is sent to whichever route: one field or parameter that it does not know is refused by its name. */
import * as fc from 'fast-check';
import type * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { pointerOf } from '../../../functions/http/check-input.ts';
import { type OperationName, type Route, routes } from '../../../functions/http/routes.ts';
import { emptyBody } from '../../../functions/http/schemas/counter-requests.ts';
import { reactionBody } from '../../../functions/http/schemas/member-requests.ts';
import { operationDocs } from '../../../openapi/operation-docs.ts';
import type { ApiRequest } from '../../harness/http/api-event.ts';
import { fitting, objectsIn, withField } from '../../harness/http/fitting-inputs.ts';
import { createMemoryTally } from '../../harness/http/memory-tally.ts';

const adminKey = 'tally_admin_0123456789abcdefghij';
const access = { read: 'public', write: 'public' } as const;
const tally = createMemoryTally(
  {
    counter: { kind: 'count', windows: ['all', 'day'], access },
    orders: { kind: 'ticket', access },
    poll: { kind: 'reaction', choices: ['yes', 'no'], access },
    viewers: { kind: 'presence', access },
    visitors: { kind: 'unique', windows: ['day'], access },
    calls: { kind: 'limit', max: 100, perSeconds: 60, access },
  },
  adminKey,
);
afterAll(() => expect(tally.errors).toEqual([]));

/** The counters that an operation takes; any count for the others. */
const countersOf: Partial<Record<OperationName, readonly string[]>> = {
  readCounter: ['counter', 'orders', 'poll', 'viewers', 'visitors', 'calls'],
  takeFromLimit: ['calls'],
  returnToLimit: ['calls'],
  resetCounter: ['counter', 'orders'],
  drawTicket: ['orders'],
  findLiveUpdates: ['counter', 'poll', 'viewers'],
  readMember: ['poll'],
  setMember: ['poll', 'viewers', 'visitors'],
  removeMember: ['poll', 'viewers'],
  leave: ['viewers'],
};

/** Where the kind of the counter decides on the body. */
const bodyOfKind: Partial<Record<OperationName, Readonly<Record<string, v.GenericSchema>>>> = {
  setMember: { poll: reactionBody },
};

/** Fields that fit the schema, but not each other. */
const fitsTogether: Partial<Record<OperationName, (body: unknown) => boolean>> = {
  changeCounter: (body) => {
    const { action, amount, saturate, value, expected } = body as Record<string, unknown>;
    if (action !== 'set') return value === undefined && expected === undefined;
    return value !== undefined && amount === undefined && saturate === undefined;
  },
};

/** A body names only counters that there are, which its schema does not know. */
const withDefinedCounters = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(body), (key, value: unknown) => {
    if (key === 'counter') return 'counter';
    return key === 'counters' ? ['counter', 'orders'] : value;
  });

const name = fc.constantFrom('post-42', '-NxYz0123', '_V1StGXR8', 'ana@example.com', 'auth0|62b1');

/** A request to a route that fits everything that is written about it. */
function requestTo(route: Route): fc.Arbitrary<ApiRequest & { query: Record<string, string> }> {
  const { operation, method, path } = route;
  const doc = operationDocs[operation];
  const counters = route.fixed ? ['counter'] : (countersOf[operation] ?? ['counter']);
  return fc.constantFrom(...counters).chain((counter) => {
    const schema =
      bodyOfKind[operation] === undefined
        ? (doc.body?.schema ?? emptyBody)
        : (bodyOfKind[operation][counter] ?? emptyBody);
    const query = doc.query ? fitting(doc.query) : fc.constant({});
    return fc
      .record({
        segments: fc.record({ subject: name, member: name, user: name, key: fc.constant('a1') }),
        query: query as fc.Arbitrary<Record<string, string>>,
        body: fitting(schema)
          .map(withDefinedCounters)
          .filter(fitsTogether[operation] ?? (() => true)),
      })
      .map(({ segments, ...rest }) => ({
        ...rest,
        method,
        path: path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) =>
          encodeURIComponent({ ...segments, counter }[parameter] ?? ''),
        ),
        headers: { authorization: `Bearer ${adminKey}` },
      }));
  });
}

/** No schema has it, though some look as if they did, and some are properties of every object. */
const unknownName = fc.oneof(
  fc.constantFrom('amout', 'windows', 'Action', 'subject ', 'since', 'before', 'utm_source', '_'),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'a/b~c', ''),
  fc.string({ minLength: 9, maxLength: 20 }).filter((text) => !/^[a-z_]+$/.test(text)),
);

/** What names a mistake in an answer: the problem itself, or that of an item in a batch. */
function problemIn(body: unknown, path: readonly string[]): unknown {
  const { results } = body as { results?: unknown[] };
  return results && path[0] === 'items' ? results[Number(path[1])] : body;
}

const served = routes
  .filter(({ servedBy }) => servedBy !== 'site')
  .map((route) => [`${route.method} ${route.path}`, route] as const);
const runs = { numRuns: 40 };

describe.each(served)('%s', (_, route) => {
  const request = requestTo(route);

  test('refuses a parameter that it does not know, by its name, and changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(request, unknownName, fc.string(), async (fits, parameter, value) => {
        const before = tally.changes();
        const query = Object.fromEntries([...Object.entries(fits.query), [parameter, value]]);
        expect(await tally.send({ ...fits, query })).toMatchObject({
          status: 400,
          body: { code: 'unknown_parameter', parameter },
        });
        expect(tally.changes()).toBe(before);
      }),
      runs,
    );
  });

  test('refuses a field that it does not know, by its name and place', async () => {
    const withPlace = request.chain((fits) =>
      fc.record({ fits: fc.constant(fits), path: fc.constantFrom(...objectsIn(fits.body)) }),
    );
    await fc.assert(
      fc.asyncProperty(withPlace, unknownName, async ({ fits, path }, field) => {
        const body = withField(fits.body, path, [field, 1]);
        const answer = await tally.send({ ...fits, body: JSON.stringify(body) });
        expect(problemIn(answer.body, path)).toMatchObject({
          status: 400,
          code: 'unknown_field',
          pointer: pointerOf([...path, field]),
        });
      }),
      runs,
    );
  });

  test('takes the same request without it', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (fits) => {
        const { body } = await tally.send(fits);
        const { code = '' } = Object(body) as { code?: string };
        expect(code).not.toMatch(/^unknown_(?:field|parameter)$|^invalid_request$|^invalid_body$/);
      }),
      runs,
    );
  });
});
