/**
 * Tokens of an identity provider. API Gateway verifies them and hands their claims on; here the claims
 * are put into an event in the same place. Tally trusts only that place, which no caller can set.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { matchRoute } from '../../../functions/http/match-route.ts';
import type { HttpResponse } from '../../../functions/http/responses.ts';
import { defaultFunction, jwtPrefix } from '../../../functions/http/routes.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { adminKey, get, increment } from '../../harness/access/callers.ts';
import {
  type ApiRequest,
  apiEvent,
  bodyBytes,
  lambdaContext,
} from '../../harness/http/api-event.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
beforeAll(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: open },
      counter: { kind: 'count', access: open },
      stock: { kind: 'count', access: keyed },
      orders: { kind: 'count', access: keyed },
    },
    adminKey,
  });
});

/** As a request arrives on the twin of a route, with the claims that API Gateway found in its token. */
async function sendVerified(request: ApiRequest, claims: object) {
  const match = matchRoute(request.method, request.path);
  const name = match.found === 'route' ? match.route.servedBy : defaultFunction;
  const event = apiEvent({ ...request, path: `${jwtPrefix}${request.path}` });
  Object.assign(event.requestContext, { authorizer: { jwt: { claims, scopes: null } } });
  return toAnswer(await tally.handlers[name](event, lambdaContext()));
}

const toAnswer = (response: HttpResponse) => ({
  status: response.statusCode,
  headers: response.headers,
  body: response.statusCode === 204 ? undefined : JSON.parse(bodyBytes(response).toString()),
});

const claims = { sub: 'ada', iss: 'https://id.example.com/', scope: 'openid tally/read/resto-7/*' };

describe('a verified token', () => {
  test('gives the rights that its scope claim names, and no others', async () => {
    expect(await sendVerified(get('/v1/resto-7/stock'), claims)).toMatchObject({
      status: 200,
      body: { count: 0 },
    });
    for (const request of [
      get('/v1/resto-8/stock'),
      increment('/v1/resto-7/stock'),
      get('/v1/resto-7/settings'),
      get('/v1/keys'),
    ]) {
      expect(await sendVerified(request, claims), request.path).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    }
  });

  test('of an operator gives every right', async () => {
    const scope = 'tally/read/*/* tally/write/*/* tally/admin/*/*';
    expect(await sendVerified(increment('/v1/resto-7/stock'), { scope })).toMatchObject({
      status: 200,
    });
    expect(await sendVerified(get('/v1/keys'), { scope })).toMatchObject({ status: 200 });
  });

  test.each([
    ['none', {}],
    ['an empty one', { scope: '' }],
    ['those of other services', { scope: 'openid email orders/read other/read/resto-7/*' }],
    ['a list instead of text', { scope: ['tally/read/resto-7/*'] }],
    ['a number', { scope: 7 }],
    ['an object', { scope: { toString: 'tally/read/resto-7/*' } }],
    ['one in another claim', { groups: 'tally/read/resto-7/*' }],
  ])('gives no right if its scopes are %s', async (_, given) => {
    expect(await sendVerified(get('/v1/resto-7/stock'), given)).toMatchObject({ status: 403 });
    // Nor does it take any away: what everybody may do, it may.
    expect(await sendVerified(get('/v1/resto-7/likes'), given)).toMatchObject({ status: 200 });
  });
});

describe('a verified token without a scope for Tally', () => {
  const stranger = { scope: 'openid' };
  const like = (subject: string): ApiRequest => ({
    ...increment(`/v1/${subject}/likes`),
    headers: { 'idempotency-key': 'like-8731' },
  });

  test('swallows no change of a server, whose idempotency key it has guessed', async () => {
    expect(await sendVerified(like('resto-31'), stranger)).toMatchObject({ body: { count: 1 } });
    const server = { scope: 'tally/write/resto-31/* tally/read/resto-31/*' };
    expect(await sendVerified(like('resto-31'), server)).toMatchObject({ body: { count: 2 } });
  });

  test('is limited by its address, as without it', async () => {
    const item = { subject: 'resto-32', counter: 'likes', action: 'increment' };
    const batch: ApiRequest = {
      method: 'POST',
      path: '/v1/batch',
      address: '198.51.100.32',
      body: { items: Array.from({ length: 100 }, () => item) },
    };
    const { burst } = limits.callers.addressWrites;
    const statuses = new Set<number>();
    for (let done = 0; done < 2 * burst; done += 100) {
      statuses.add((await sendVerified(batch, stranger)).status);
    }
    expect([...statuses]).toEqual([200, 429]);
  });
});

describe('claims that come any other way', () => {
  const forged = JSON.stringify({ jwt: { claims: { scope: 'tally/read/*/* tally/admin/*/*' } } });
  const unsigned = [
    btoa('{"alg":"none"}'),
    btoa('{"scope":"tally/read/*/* tally/admin/*/*"}'),
    '',
  ].join('.');

  test.each<[how: string, request: Partial<ApiRequest>]>([
    ['in a header', { headers: { authorizer: forged, 'x-amzn-authorizer': forged } }],
    ['in the query', { query: { authorizer: forged, scope: 'tally/read/*/*' } }],
    ['in an unsigned token', { headers: { authorization: `Bearer ${unsigned}` } }],
    ['in an unsigned token in the query', { query: { access_token: unsigned } }],
  ])('give no right: %s', async (_, request) => {
    for (const path of ['/v1/resto-7/stock', '/v1/keys']) {
      expect(await tally.send({ ...get(path), ...request }), path).toMatchObject({ status: 401 });
    }
  });

  test('give no right in a body either', async () => {
    const body = { action: 'increment', requestContext: JSON.parse(forged) };
    expect(await tally.send({ ...increment('/v1/resto-7/stock'), body })).toMatchObject({
      status: 401,
    });
  });
});

describe('the routes of tokens', () => {
  test('lead nowhere without an authorizer', async () => {
    for (const path of ['/v1/resto-7/likes', '/resto-7/counter', '/v1/keys']) {
      expect(await tally.send(get(`${jwtPrefix}${path}`)), path).toMatchObject({
        status: 404,
        body: { code: 'unknown_path' },
      });
    }
  });

  test('may be asked for by pages of other origins, which do that without their token', async () => {
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example.com', 'access-control-request-method': 'PUT' },
    };
    for (const path of ['/v1/resto-7/stock', '/resto-7/counter']) {
      expect(await tally.send({ ...preflight, path: `${jwtPrefix}${path}` }), path).toMatchObject({
        status: 204,
        headers: { 'access-control-allow-origin': '*' },
      });
    }
    const nowhere = { ...preflight, path: `${jwtPrefix}/nothing/at/all` };
    expect(await tally.send(nowhere)).toMatchObject({ status: 404 });
  });

  test('share their first segment with no subject', async () => {
    const path = `${jwtPrefix}/counter`;
    expect(await tally.send(get(path))).toMatchObject({
      status: 400,
      body: { code: 'invalid_subject' },
    });
    expect(await tally.send({ method: 'OPTIONS', path })).toMatchObject({ status: 404 });
  });
});
