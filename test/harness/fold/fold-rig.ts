/** The stream function on a table of its own, behind a proxy that can break its connections. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { onTestFinished } from 'vitest';
import type { CounterContext } from '../../../functions/counters/counter-context.ts';
import { type CounterInput, defineCounters } from '../../../functions/counters/define-counters.ts';
import { createStores } from '../../../functions/dynamo/create-stores.ts';
import { createDynamoClients, fromWire } from '../../../functions/dynamo/dynamo-clients.ts';
import { createDynamoFoldStore } from '../../../functions/dynamo/dynamo-fold-store.ts';
import { cellItemKey } from '../../../functions/dynamo/item-keys.ts';
import { parseCell } from '../../../functions/dynamo/items.ts';
import type { FoldedCell } from '../../../functions/rules/fold.ts';
import type { FoldStore } from '../../../functions/store/fold-store.ts';
import {
  type BatchReport,
  createStreamFunction,
  type StreamEvent,
} from '../../../functions/stream/stream-function.ts';
import { createTestTable } from '../engine/test-table.ts';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';
import { scanTable } from '../ledger-delivery.ts';
import { here, nowMs, streamShard } from './ledger-records.ts';

const access = { read: 'public', write: 'public' } as const;

const counters: Record<string, CounterInput> = {
  views: { kind: 'count', write: 'deferred', windows: ['all', 'day', 'hour'], access },
  reactions: { kind: 'reaction', choices: ['love', 'wow'], access },
  viewers: { kind: 'presence', heartbeatSeconds: 10, awayAfterSeconds: 30, access },
};

export interface FoldRig {
  readonly proxy: FaultProxy;
  readonly foldStore: FoldStore;
  /** What the function said of each batch that it came to the end of. */
  readonly reports: readonly BatchReport[];
  /** @param shardId the first shard if left out */
  deliver(records: StreamEvent['Records'], shardId?: string): Promise<void>;
  /** What all cells of the table hold, by subject, counter, part and window. */
  counts(): Promise<Record<string, bigint>>;
  /** Shard 0 as it is stored. */
  cell(of: FoldedCell): Promise<Record<string, unknown> | undefined>;
  /** Stores a cell as it may be before the fold comes to it. */
  seed(of: FoldedCell, attributes: Readonly<Record<string, unknown>>): Promise<void>;
}

export const firstShard = streamShard('0a1b2c3d');
export const secondShard = streamShard('4e5f6a7b');

/** Ends with the test that it is made in. */
/** @param publishTakesMs how long each live message takes */
export async function createFoldRig({ publishTakesMs = 0 } = {}): Promise<FoldRig> {
  const { tableName, endpoint, client } = await createTestTable();
  const proxy = await startFaultProxy({ upstream: endpoint });
  onTestFinished(() => proxy.stop());
  const clients = createDynamoClients(proxy.endpoint);
  const foldStore = createDynamoFoldStore({
    clients,
    tableName,
    random: () => 0.5,
    pause: async () => {},
  });
  const reports: BatchReport[] = [];
  let ticks = 0;
  // As much of a context as the stream function needs while nobody listens.
  const context = {
    config: defineCounters(counters),
    stores: createStores({ clients, tableName, random: () => 0, pause: async () => {} }),
    region: here,
    regions: [here],
    now: () => nowMs + ticks++,
    random: () => 0.5,
  } as Partial<CounterContext> as CounterContext;
  const handler = createStreamFunction({
    context,
    foldStore,
    publish: async () => {
      ticks += publishTakesMs;
    },
    report: (report) => void reports.push(report),
  });
  const keyOf = (of: FoldedCell) => cellItemKey({ ...of, region: here, shard: 0 });
  const items = async () => (await scanTable({ client, tableName })).map(fromWire);

  return {
    proxy,
    foldStore,
    reports,
    async deliver(Records, shardId = firstShard) {
      await handler({ Records, shardId });
    },
    async counts() {
      const cells = (await items()).flatMap((item) => {
        const [, subject, counter] = String(item.pk).split('#');
        const { count, parts } = parseCell(item);
        const name = `${subject}/${counter}`;
        const whole = item.n === undefined ? [] : [[`${name} ${String(item.sk)}`, count] as const];
        const split = [...parts].map(
          ([part, sum]) => [`${name}/${part} ${String(item.sk)}`, sum] as const,
        );
        return [...whole, ...split];
      });
      return Object.fromEntries(cells);
    },
    async cell(of) {
      const { pk, sk } = keyOf(of);
      return (await items()).find((item) => item.pk === pk && item.sk === sk);
    },
    async seed(of, attributes) {
      const Item = marshall({ ...keyOf(of), ...attributes });
      await client.send(new PutItemCommand({ TableName: tableName, Item }));
    },
  };
}
