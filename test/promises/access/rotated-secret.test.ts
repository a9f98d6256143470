/** An operator gives the deployment a new secret, while visitors have passes of the old one. */
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { rotateSecret } from '../../../functions/access/rotate-secret.ts';
import { createDynamoClients } from '../../../functions/dynamo/dynamo-clients.ts';
import { createDynamoSecretStore } from '../../../functions/dynamo/dynamo-secret-store.ts';
import { limits } from '../../../functions/rules/limits.ts';
import type { SecretStore } from '../../../functions/store/secret-store.ts';
import { admin, adminKey, get, makePass } from '../../harness/access/callers.ts';
import type { TestTable } from '../../harness/engine/test-table.ts';
import { createStreamedTally } from '../../harness/members/streamed-tally.ts';
import {
  createTallyUnderTest,
  keyed,
  open,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const reader = { member: 'ada', actions: ['read'], subject: 'page-1' } as const;
const settleMs = limits.secretSettleSeconds * 1000;

let tally: TallyUnderTest;
beforeEach(async () => {
  tally = await createTallyUnderTest({
    counters: {
      likes: { kind: 'count', access: keyed },
      visitors: { kind: 'unique', windows: ['all'], access: open },
    },
    settings: { readCacheSeconds: 0 },
    instances: 2,
    adminKey,
  });
});

const storeOf = ({ endpoint, tableName }: TestTable): SecretStore =>
  createDynamoSecretStore({ clients: createDynamoClients(endpoint), tableName });

function rotate({ endsPasses = false, store = storeOf(tally.table), clock = tally.clock } = {}) {
  const newBytes = () => randomBytes(32);
  return rotateSecret({ store, now: () => clock.now(), newBytes }, { endsPasses });
}

/** How each function answers a reader with that pass. */
async function answersTo(pass: Awaited<ReturnType<typeof makePass>>) {
  const answers = await Promise.all(
    tally.instances.map((instance) => instance.send(get('/v1/page-1/likes', pass))),
  );
  return answers.map(({ status, body }) =>
    status === 200 ? 200 : (body as { code: string }).code,
  );
}

const versionOf = ({ authorization = '' }: Awaited<ReturnType<typeof makePass>>) =>
  authorization.split(/[_.]/)[1];

describe('a rotated secret', () => {
  test('ends no live pass, and signs the next ones when every function knows it', async () => {
    const day = { ...reader, expires_in_seconds: 86_400 };
    const before = await makePass(tally, admin, day);
    expect(await rotate()).toMatchObject({ ok: true, made: { id: 2 } });
    expect(versionOf(await makePass(tally, admin, day))).toBe('1');
    tally.clock.advance(settleMs);
    const after = await makePass(tally, admin, day);
    expect([versionOf(before), versionOf(after)]).toEqual(['1', '2']);
    expect(await answersTo(before)).toEqual([200, 200]);
    expect(await answersTo(after)).toEqual([200, 200]);
    tally.clock.advance(86_400_000 - settleMs - 1_000);
    expect(await answersTo(before)).toEqual([200, 200]);
  });

  test('ends all passes if it may be known to others, and says that they are over', async () => {
    const before = await makePass(tally, admin, { ...reader, expires_in_seconds: 86_400 });
    await rotate({ endsPasses: true });
    tally.clock.advance(settleMs);
    expect(await answersTo(before)).toEqual(['pass_expired', 'pass_expired']);
    expect(await answersTo(await makePass(tally, admin, reader))).toEqual([200, 200]);
    // The version is gone from the table as well once the next rotation comes.
    await rotate();
    tally.clock.advance(settleMs);
    expect(await answersTo(before)).toEqual(['pass_expired', 'pass_expired']);
  });

  test('takes nobody for new who was counted before', async () => {
    const visit = () => tally.send({ method: 'PUT', path: '/v1/page-1/visitors/members/ada' });
    expect(await visit()).toMatchObject({ body: { changed: true } });
    await rotate({ endsPasses: true });
    tally.clock.advance(settleMs);
    expect(await visit()).toMatchObject({ body: { changed: false } });
    expect(await tally.read('page-1/visitors')).toMatchObject({ body: { count: 1 } });
  });

  test('is not rotated without end', async () => {
    for (let id = 2; id <= limits.secretVersions; id++) {
      expect(await rotate()).toMatchObject({ ok: true, made: { id } });
    }
    expect(await rotate()).toMatchObject({ ok: false, code: 'too_many_rotations' });
    tally.clock.advance(limits.keepSecretSeconds * 1000 + settleMs);
    expect(await rotate()).toMatchObject({ ok: true });
  });

  test('is never overwritten by another rotation at the same time', async () => {
    const store = storeOf(tally.table);
    const stale = await store.read();
    await rotate();
    const late = await rotate({ store: { ...store, read: async () => stale } });
    expect(late).toMatchObject({ ok: false, code: 'rotated_meanwhile' });
    expect((await store.read()).versions).toHaveLength(2);
  });
});

test('those who listen hear everything while the secret is rotated', async () => {
  const streamed = await createStreamedTally({
    counters: { likes: { kind: 'count', access: open } },
    settings: { readCacheSeconds: 0 },
    redelivers: false,
  });
  const listen = async () => {
    const { body } = await streamed.send(get('/v1/page-1/likes/live'));
    streamed.advance(limits.unwatchedCacheMs);
    return (body as { channel: string }).channel;
  };
  const channelsOfChange = async () => {
    await streamed.change('page-1/likes', 1);
    await streamed.settle();
    return streamed.messages.splice(0).map(({ channel }) => channel);
  };
  const before = await listen();
  await rotate({ store: storeOf(streamed.table), clock: streamed.clock });
  streamed.advance(settleMs);
  const after = await listen();
  expect(after).not.toBe(before);
  expect(await channelsOfChange()).toEqual([before, after]);
  streamed.advance(limits.watchSeconds * 1000);
  await listen();
  expect(await channelsOfChange()).toEqual([after]);
  await streamed.stop();
});
