import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { admin, adminKey } from '../../harness/access/callers.ts';
import type { FaultProxy } from '../../harness/faults/fault-proxy.ts';
import { draw, putSettings, ticketOf } from '../../harness/http/requests.ts';
import { createTallyBehindProxy } from '../../harness/tally-behind-proxy.ts';
import { createTallyUnderTest, open, type TallyUnderTest } from '../../harness/tally-under-test.ts';

let tally: TallyUnderTest;
let other: TallyUnderTest['instances'][number];
let proxy: FaultProxy;

beforeEach(async () => {
  ({ tally, proxy } = await createTallyBehindProxy({
    counters: {
      orders: { kind: 'ticket', access: open },
      guests: { kind: 'count', windows: ['day'], access: open },
      likes: { kind: 'count', access: open },
    },
    instances: 2,
    startsAt: '2096-02-28T23:30:00Z',
    adminKey,
  }));
  other = tally.instances[1] ?? tally;
});

afterEach(() => proxy.stop());

const path = '/v1/resto/settings';
const getSettings = (instance = tally as Pick<TallyUnderTest, 'send'>) =>
  instance.send({ method: 'GET', path, headers: admin });
const berlin = { time_zone: 'Europe/Berlin', day_start: '04:00' };
const dayAt = async (instance: Pick<TallyUnderTest, 'send'>) =>
  ticketOf(await draw(instance, 'resto/orders')).day;

describe('the settings of a subject', () => {
  test('are UTC and midnight, until they are set', async () => {
    expect(await getSettings()).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: { time_zone: 'UTC', day_start: '00:00' },
    });
    expect(await putSettings(tally, 'resto', berlin)).toMatchObject({ status: 200, body: berlin });
    expect(await getSettings()).toMatchObject({ body: berlin });
  });

  test('start the day at midnight, unless told otherwise', async () => {
    const answer = await putSettings(tally, 'resto', { time_zone: 'Asia/Tokyo' });
    expect(answer).toMatchObject({ body: { time_zone: 'Asia/Tokyo', day_start: '00:00' } });
  });

  test.each(['PATCH', 'PUT'])('stay as they are where a %s does not name them', async (method) => {
    const change = (body: object) => tally.send({ method, path, headers: admin, body });
    expect(await change({ day_start: '05:00' })).toMatchObject({
      status: 200,
      body: { time_zone: 'UTC', day_start: '05:00' },
    });
    expect(await change({ time_zone: 'Europe/Paris' })).toMatchObject({
      status: 200,
      body: { time_zone: 'Europe/Paris', day_start: '05:00' },
    });
    expect(await change({})).toMatchObject({ body: { day_start: '05:00' } });
    expect(await getSettings(other)).toMatchObject({
      body: { time_zone: 'Europe/Paris', day_start: '05:00' },
    });
  });

  test('that are set at the same time hold both', async () => {
    await Promise.all([
      putSettings(tally, 'resto', { time_zone: 'Europe/Paris' }),
      putSettings(other, 'resto', { day_start: '05:00' }),
    ]);
    expect(await getSettings()).toMatchObject({
      body: { time_zone: 'Europe/Paris', day_start: '05:00' },
    });
  });

  test('of nothing leave nothing behind', async () => {
    expect(await putSettings(tally, 'resto', {})).toMatchObject({ status: 200 });
    expect(await tally.items()).toEqual([]);
  });

  test('are read as they were set last, from wherever and whatever was read before', async () => {
    await getSettings(other);
    await putSettings(tally, 'resto', berlin);
    expect(await getSettings(other)).toMatchObject({ body: berlin });
    await putSettings(other, 'resto', { ...berlin, day_start: '05:00' });
    expect(await getSettings(tally)).toMatchObject({ body: { day_start: '05:00' } });
  });

  test('are one subject’s alone', async () => {
    await putSettings(tally, 'resto', { time_zone: 'Asia/Tokyo' });
    expect(await dayAt(tally)).toBe('2096-02-29');
    expect(ticketOf(await draw(tally, 'bar/orders')).day).toBe('2096-02-28');
  });

  test('hold at once where they were set, and everywhere within a minute', async () => {
    expect([await dayAt(tally), await dayAt(other)]).toEqual(['2096-02-28', '2096-02-28']);
    await putSettings(tally, 'resto', { time_zone: 'Asia/Tokyo' });
    expect(await dayAt(tally)).toBe('2096-02-29');
    tally.clock.advance(limits.settingsCacheSeconds * 1000 - 1);
    expect(await dayAt(other)).toBe('2096-02-28');
    tally.clock.advance(1);
    expect(await dayAt(other)).toBe('2096-02-29');
  });

  test('are looked up once a minute, also for callers who come at the same time', async () => {
    const lookUps = () =>
      proxy.requests.filter(
        ({ operation, body }) =>
          operation === 'GetItem' && JSON.stringify(body).includes('"s#resto"'),
      ).length;
    const changeTwenty = () =>
      Promise.all(
        Array.from({ length: 20 }, () => tally.change('resto/guests', 1, { minimal: true })),
      );
    await changeTwenty();
    await changeTwenty();
    expect(lookUps()).toBe(1);
    tally.clock.advance(limits.settingsCacheSeconds * 1000);
    await changeTwenty();
    expect(lookUps()).toBe(2);
  });

  test('are not looked up for a counter that never restarts', async () => {
    await tally.change('resto/likes', 1, { minimal: true });
    await tally.read('resto/likes');
    expect(proxy.requests.map(({ operation }) => operation)).toEqual(['UpdateItem', 'GetItem']);
  });

  test('that cannot be read are asked for again by the next caller', async () => {
    const injection = proxy.inject({ effect: 'server error before commit', operation: 'GetItem' });
    expect(await draw(tally, 'resto/orders')).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
    injection.remove();
    expect(await dayAt(tally)).toBe('2096-02-28');
  });

  test('that are set while they are looked up hold from then on', async () => {
    const gate = proxy.hold({ operation: 'GetItem', side: 'reply', times: 1 });
    const early = dayAt(other);
    await gate.reached();
    await putSettings(other, 'resto', { time_zone: 'Asia/Tokyo' });
    gate.open();
    expect(await early).toBe('2096-02-28');
    expect(await dayAt(other)).toBe('2096-02-29');
  });

  test('that are set again are as if set once', async () => {
    await putSettings(tally, 'resto', berlin);
    const before = await tally.items();
    await putSettings(tally, 'resto', berlin);
    expect(await tally.items()).toEqual(before);
  });
});

describe('settings are refused', () => {
  test.each([
    ['of a zone nobody knows', { time_zone: 'Europe/Atlantis' }, 'invalid_time_zone'],
    ['of an offset', { time_zone: '+02:00' }, 'invalid_time_zone'],
    ['of a zone by another name', { timezone: 'Europe/Berlin' }, 'unknown_field'],
    ['of no zone', { time_zone: null }, 'invalid_time_zone'],
    ['of a zone that is a number', { time_zone: 2 }, 'invalid_time_zone'],
    ['of a start that is not a time', { ...berlin, day_start: '24:00' }, 'invalid_day_start'],
    ['of a start in seconds', { ...berlin, day_start: '04:00:00' }, 'invalid_day_start'],
    ['of a start that is a number', { ...berlin, day_start: 4 }, 'invalid_day_start'],
    ['of something else besides', { ...berlin, colour: 'red' }, 'unknown_field'],
    ['of a bare name', '"UTC"', 'invalid_body'],
  ])('%s', async (_, body, code) => {
    expect(await putSettings(tally, 'resto', body)).toMatchObject({
      status: 400,
      headers: { 'content-type': 'application/problem+json' },
      body: { code },
    });
    expect(await tally.items()).toEqual([]);
  });

  test.each(['v1', 'users', 'status', 'a%2Ab', 'with%20space'])(
    'of the subject %s',
    async (subject) => {
      const answer = await putSettings(tally, subject, berlin);
      expect([400, 404]).toContain(answer.status);
      expect(await tally.items()).toEqual([]);
    },
  );

  test.each(['GET', 'PUT'])('to %s by a caller without the right `admin`', async (method) => {
    expect(await tally.send({ method, path, body: berlin })).toMatchObject({
      status: 401,
      body: { code: 'key_required' },
    });
    const headers = { authorization: `Bearer ${adminKey}x` };
    expect(await tally.send({ method, path, headers, body: berlin })).toMatchObject({
      status: 401,
      body: { code: 'invalid_key' },
    });
    expect(await tally.items()).toEqual([]);
  });
});

test('a deployment has a zone and a start of its own for all who have none', async () => {
  const deployment = await createTallyUnderTest({
    counters: { orders: { kind: 'ticket', access: open } },
    settings: { timeZone: 'Asia/Tokyo', dayStart: '09:00' },
    startsAt: '2096-02-28T23:30:00Z',
    adminKey,
  });
  expect(ticketOf(await draw(deployment, 'resto/orders')).day).toBe('2096-02-28');
  deployment.clock.moveTo('2096-02-29T00:00:00Z');
  expect(ticketOf(await draw(deployment, 'resto/orders')).day).toBe('2096-02-29');
  expect(await getSettings(deployment)).toMatchObject({
    body: { time_zone: 'Asia/Tokyo', day_start: '09:00' },
  });
  await putSettings(deployment, 'resto', { time_zone: 'UTC', day_start: '06:00' });
  expect(ticketOf(await draw(deployment, 'resto/orders')).day).toBe('2096-02-28');
});
