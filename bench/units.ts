/**
 * `npm run units`: what each call costs. `npm run units -- --sale`: how fast a stock is sold to many
 * buyers at once; `--sale --url http://localhost:8787` with TALLY_ADMIN_KEY sells that of a server
 * that runs already, such as one of another version.
 */
import { parseArgs } from 'node:util';
import { measureSale } from './sale/measure-sale.ts';

const { values } = parseArgs({
  options: { sale: { type: 'boolean', default: false }, url: { type: 'string' } },
});
if (values.sale) {
  const adminKey = process.env.TALLY_ADMIN_KEY ?? '';
  await measureSale(values.url === undefined ? undefined : { url: values.url, adminKey });
} else {
  await import('./write-units.ts');
}
