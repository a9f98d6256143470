/** A sale over HTTP: 600 buyers for 300 pieces from 60 connections, each of whom sends the request twice. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { sellStock } from '../../../bench/sale/sell-stock.ts';
import { createHttpServer } from '../../../local/http-server.ts';
import { ownHosts } from '../../../local/own-hosts.ts';
import { createTallyUnderTest, open } from '../../harness/tally-under-test.ts';

test('600 buyers of 300 pieces, all at once and each twice, buy 300, and nobody is told two things', async () => {
  const tally = await createTallyUnderTest({
    counters: { stock: { kind: 'count', bounds: { min: 0 }, access: open } },
  });
  await tally.change('shoe/stock', 300);
  const { server, serve } = createHttpServer(ownHosts());
  serve({
    handlers: tally.handlers,
    live: { publish: async () => ({ statusCode: 500, headers: {} }) },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const sale = await sellStock({
    url,
    stock: 'shoe/stock',
    headers: {},
    buyers: 600,
    connections: 60,
    seed: 1,
  });
  server.close();

  expect(sale.statuses).toEqual({ 200: 600, 409: 600 });
  expect(sale.buyers.size).toBe(300);
  expect(sale.contradicted).toEqual([]);
  expect(sale.firstAnswers).toBe(300);
  expect(await tally.read('shoe/stock', { consistent: 'true' })).toMatchObject({
    body: { count: 0 },
  });
}, 600_000);
