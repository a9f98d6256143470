import type { Health } from '../store/health.ts';
import type { ReadItems } from './item-reader.ts';

/** An item that is never written: reading it shows that the table answers. */
const noItem = { pk: '-', sk: '-' };

export const createDynamoHealth = (readItems: ReadItems): Health => ({
  async checkReachable() {
    await readItems([noItem], { consistent: true });
  },
});
