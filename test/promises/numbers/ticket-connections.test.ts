/**
 * Tickets over HTTP: 500 for one restaurant from 40 connections, a third of the requests sent twice,
 * from one server, and from servers that are killed while they answer.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../../local/engine.ts';
import { createHttpServer } from '../../../local/http-server.ts';
import { ownHosts } from '../../../local/own-hosts.ts';
import { admin, adminKey } from '../../harness/access/callers.ts';
import { drawTickets, expectOneNumberEach } from '../../harness/counts/connections.ts';
import { shuffled } from '../../harness/counts/shuffled.ts';
import { startTestEngine } from '../../harness/engine/test-engine.ts';
import { type FaultProxy, startFaultProxy } from '../../harness/faults/fault-proxy.ts';
import type { JsonObject } from '../../harness/faults/wire-errors.ts';
import { expectGapFree } from '../../harness/http/requests.ts';
import { startTallyServer, type TallyServer } from '../../harness/processes/tally-server.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import { createTallyUnderTest, open } from '../../harness/tally-under-test.ts';

const connections = 40;
const tokens = Array.from({ length: 500 }, (_, index) => `token-${index}`);
const sentTwice = tokens.filter((_, index) => index % 3 === 0);

/** Some of those that come twice come at the same time, the others long after. */
const requests = (seed: number) => {
  const late = sentTwice.filter((_, index) => index % 2 === 0);
  const atOnce = new Set(sentTwice.filter((_, index) => index % 2 === 1));
  return [
    ...tokens.flatMap((token) => (atOnce.has(token) ? [token, token] : [token])),
    ...shuffled(late, seededRandom(seed)),
  ];
};

test('500 tickets from 40 connections are the numbers 1 to 500, one for each token', async () => {
  const tally = await createTallyUnderTest({
    counters: { orders: { kind: 'ticket', access: open } },
  });
  const { server, serve } = createHttpServer(ownHosts());
  serve({
    handlers: tally.handlers,
    live: { publish: async () => ({ statusCode: 500, headers: {} }) },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const drawn = await drawTickets({
    connections,
    tokens: requests(1),
    book: 'resto-7/orders',
    server: async () => ({ url }),
  });
  server.close();

  expect(drawn).toHaveLength(500 + sentTwice.length);
  expectOneNumberEach(drawn);
  expectGapFree(drawn.filter(({ replayed }) => !replayed).map(({ number }) => number));
  expect(drawn.filter(({ replayed }) => replayed)).toHaveLength(sentTwice.length);
  expect(await tally.read('resto-7/orders')).toMatchObject({
    body: { number: 500, day: '2096-02-28', shift: 1 },
  });
}, 600_000);

describe('with servers that are killed', () => {
  let engine: Engine;
  let proxy: FaultProxy;
  /** The server that is up, or the one that is about to be. */
  let server: Promise<TallyServer>;

  // An engine of its own, because its table has a stream; and one that outlives the servers.
  beforeAll(async () => {
    engine = await startTestEngine({ dataFolder: 'memory' });
    proxy = await startFaultProxy({ upstream: engine.endpoint });
    server = start();
  });
  afterAll(async () => {
    await (await server).end('SIGKILL');
    await proxy.stop();
    await engine.stop();
  });

  const start = () =>
    startTallyServer({
      dataFolder: 'memory',
      environment: { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint, TALLY_ADMIN_KEY: adminKey },
    });

  /** Kills a server when a ticket is in the table that it has not answered yet. */
  async function killUnanswered(old: TallyServer): Promise<void> {
    const known = new Set(proxy.requests.map(({ body }) => entryKey(body)));
    const gate = proxy.hold({
      side: 'reply',
      operation: 'UpdateItem',
      where: (body) => isEntry(body) && !known.has(entryKey(body)),
      times: 1,
    });
    await gate.reached();
    await old.end('SIGKILL');
    gate.open();
  }

  /** The name of the entry that a number is given to. */
  const entryKey = ({ ExpressionAttributeNames: names }: { ExpressionAttributeNames?: unknown }) =>
    (names as { '#entry'?: string } | undefined)?.['#entry'];
  const isEntry = (body: JsonObject) => entryKey(body) !== undefined;

  test('and started again, what is sent again gets its number, and there is no gap', async () => {
    const killAfter = new Set([40, 200, 450]);
    const drawn = await drawTickets({
      connections,
      tokens: requests(2),
      book: 'resto-7/orders',
      headers: admin,
      server: () => server,
      onTicket(count) {
        if (killAfter.has(count)) server = server.then(killUnanswered).then(start);
      },
    });
    const last = await fetch(`${(await server).url}/v1/resto-7/orders`);

    expect(drawn).toHaveLength(500 + sentTwice.length);
    expectOneNumberEach(drawn);
    const byToken = Map.groupBy(drawn, ({ token }) => token);
    const neverNew = [...byToken.values()].filter((all) => all.every(({ replayed }) => replayed));
    expect(neverNew.length).toBeGreaterThanOrEqual(killAfter.size);
    expect(await last.json()).toMatchObject({ shift: 1 });
  }, 600_000);
});
