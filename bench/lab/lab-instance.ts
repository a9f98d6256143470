/** One instance of a function in the lab: the product's own code, with a clock and a memory of its own. */
import type { CounterContext } from '../../functions/counters/counter-context.ts';
import type { TallyConfig } from '../../functions/counters/define-counters.ts';
import { createStores } from '../../functions/dynamo/create-stores.ts';
import { createDynamoFoldStore } from '../../functions/dynamo/dynamo-fold-store.ts';
import type { LiveMessage } from '../../functions/stream/publisher.ts';
import { type BatchReport, createStreamFunction } from '../../functions/stream/stream-function.ts';
import type { ChooseFault } from '../../local/memory-table/faults.ts';
import { connectToMemoryTable } from '../../local/memory-table/memory-clients.ts';
import type { MemoryTable } from '../../local/memory-table/memory-table.ts';
import type { Applied, TableRequest } from '../../local/memory-table/table-request.ts';
import type { VirtualTime } from '../../local/memory-table/virtual-time.ts';

const region = 'eu-central-1';

export interface InstanceOptions {
  readonly config: TallyConfig;
  readonly table: MemoryTable;
  readonly time: VirtualTime;
  readonly random: () => number;
  /** By how much its clock is wrong at most, in ms. */
  readonly skewMs: number;
  readonly chooseFault: ChooseFault | undefined;
  readonly observe: (request: TableRequest, applied: Applied) => void;
}

/** An instance whose calls meet no faults, and are not measured. */
export type FaultlessOptions = Omit<InstanceOptions, 'chooseFault' | 'observe'>;
export const faultless = { chooseFault: undefined, observe: () => {} } as const;

export function createInstance(options: InstanceOptions) {
  const { config, table, time, random, skewMs, chooseFault, observe } = options;
  const { clients, crashed } = connectToMemoryTable({
    table,
    time,
    random,
    observe,
    ...(chooseFault ? { chooseFault } : {}),
  });
  const skew = Math.round((2 * random() - 1) * skewMs);
  const stored = { clients, tableName: table.tableName, random };
  let tokens = 0;
  const context: CounterContext = {
    config,
    stores: createStores({ ...stored, pause: time.pause }),
    region,
    regions: [region],
    now: () => Math.floor(time.now()) + skew,
    random,
    newToken: () => `${random()}-${tokens++}`,
    pause: time.pause,
  };
  return { context, crashed, clients };
}

export type Instance = ReturnType<typeof createInstance>;

export function createStreamInstance(
  options: InstanceOptions & {
    readonly publish: (message: LiveMessage) => void;
    readonly report: (report: BatchReport) => void;
  },
) {
  const { context, crashed, clients } = createInstance(options);
  const { random, time, table, publish, report } = options;
  const handler = createStreamFunction({
    context,
    foldStore: createDynamoFoldStore({
      clients,
      tableName: table.tableName,
      random,
      pause: time.pause,
    }),
    publish: async (message) => {
      publish(message);
      await time.pause(5 + 10 * random());
    },
    report,
  });
  return { handler, crashed };
}

export type StreamInstance = ReturnType<typeof createStreamInstance>;
