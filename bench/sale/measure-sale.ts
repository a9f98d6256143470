/** What a sale takes on `npm start`, or on a server that runs already, of any version. */
import { randomBytes } from 'node:crypto';
import { startTallyServer } from '../../test/harness/processes/tally-server.ts';
import { type Sale, sellStock } from './sell-stock.ts';

const pieces = 300;
const sale = { buyers: 600, connections: 60 };
const rounds = 5;

/**
 * Sells the same stock a few times, each of another subject, and prints a row each.
 *
 * @param server one that runs already, with its admin key; by default one is started
 */
export async function measureSale(server?: { url: string; adminKey: string }): Promise<void> {
  if (server) return printSales(server);
  const adminKey = `tally_sale_${randomBytes(24).toString('base64url')}`;
  const started = await startTallyServer({
    dataFolder: 'memory',
    environment: { TALLY_ADMIN_KEY: adminKey },
  });
  try {
    await printSales({ url: started.url, adminKey });
  } finally {
    await started.end('SIGTERM');
  }
}

async function printSales({ url, adminKey }: { url: string; adminKey: string }): Promise<void> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const rows: object[] = [];
  for (let round = 1; round <= rounds; round++) {
    const stock = `shoe-${randomBytes(6).toString('hex')}/stock`;
    const fill = { action: 'increment', amount: pieces };
    await call(`${url}/v1/${stock}`, { method: 'PUT', headers, body: JSON.stringify(fill) });
    const sold = await sellStock({ url, stock, headers, seed: round, ...sale });
    const { count } = await call(`${url}/v1/${stock}?consistent=true`, { headers });
    rows.push(rowOf(sold, count));
  }
  console.table(rows);
}

const rowOf = (sold: Sale, left: number | undefined) => ({
  sold: sold.buyers.size,
  left,
  'sold twice': sold.firstAnswers - sold.buyers.size,
  contradicted: sold.contradicted.length,
  answers: JSON.stringify(sold.statuses),
  'requests/s': Math.round((2 * sale.buyers) / sold.seconds),
  'p99 (ms)': Math.round(sold.slowestMs),
});

async function call(url: string, init: RequestInit): Promise<{ count?: number }> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { count?: number };
}
