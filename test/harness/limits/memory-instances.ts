/** Containers of a function that share a table in memory, in virtual time: each has its own stores. */
import { createStores } from '../../../functions/dynamo/create-stores.ts';
import type { Stores } from '../../../functions/store/stores.ts';
import type { ChooseFault } from '../../../local/memory-table/faults.ts';
import { connectToMemoryTable } from '../../../local/memory-table/memory-clients.ts';
import { MemoryTable } from '../../../local/memory-table/memory-table.ts';
import { VirtualTime } from '../../../local/memory-table/virtual-time.ts';
import { seededRandom } from '../seeded-random.ts';

export interface MemoryInstance {
  readonly stores: Stores;
  /** Epoch ms by its own clock. */
  readonly now: () => number;
  readonly random: () => number;
}

export function createMemoryInstances(options: {
  readonly seed: number;
  readonly count: number;
  /** How far a clock may be off. */
  readonly skewMs?: number;
  readonly chooseFault?: (random: () => number) => ChooseFault;
}) {
  const { seed, count, skewMs = 0, chooseFault } = options;
  const random = seededRandom(seed);
  const time = new VirtualTime(Date.parse('2096-02-28T12:00:00Z'));
  const table = new MemoryTable({ tableName: 'instances', now: time.now });
  const spent = { writeUnits: 0, readUnits: 0 };

  function start(): MemoryInstance {
    const offMs = Math.round((2 * random() - 1) * skewMs);
    const { clients } = connectToMemoryTable({
      table,
      time,
      random,
      ...(chooseFault && { chooseFault: chooseFault(random) }),
      observe(_request, { writeUnits, readUnits }) {
        spent.writeUnits += writeUnits;
        spent.readUnits += readUnits;
      },
    });
    const { pause } = time;
    const stores = createStores({ clients, tableName: table.tableName, random, pause });
    return { stores, now: () => Math.floor(time.now()) + offMs, random };
  }

  return { instances: Array.from({ length: count }, start), time, random, spent };
}
