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
import { withAnyAmounts } from '../counts/any-amounts.ts';
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
  /** What all cells of the table hold together, by subject, counter, part and window. */
  counts(): Promise<Record<string, bigint>>;
  /** A shard as it is stored, the first if left out. */
  cell(of: FoldedCell, shard?: number): Promise<Record<string, unknown> | undefined>;
  /** Stores a cell as it may be before the fold comes to it. */
  seed(of: FoldedCell, attributes: Readonly<Record<string, unknown>>): Promise<void>;
  put(item: Readonly<Record<string, unknown>>): Promise<void>;
  items(): Promise<Record<string, unknown>[]>;
  /** Time goes on. */
  advance(ms: number): void;
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
    config: defineCounters(withAnyAmounts(counters)),
    stores: createStores({ clients, tableName, random: () => 0, pause: async () => {} }),
    region: here,
    regions: [here],
    now: () => nowMs + ticks++,
    random: () => 0.5,
    newToken: () => `step-${ticks++}`,
    pause: async (ms) => {
      ticks += ms;
    },
  } as Partial<CounterContext> as CounterContext;
  const handler = createStreamFunction({
    context,
    foldStore,
    publish: async () => {
      ticks += publishTakesMs;
    },
    report: (report) => void reports.push(report),
  });
  const keyOf = (of: FoldedCell, shard = 0) => cellItemKey({ ...of, region: here, shard });
  const put: FoldRig['put'] = async (item) => {
    await client.send(new PutItemCommand({ TableName: tableName, Item: marshall({ ...item }) }));
  };
  const items = async () => (await scanTable({ client, tableName })).map(fromWire);

  return {
    proxy,
    foldStore,
    reports,
    async deliver(Records, shardId = firstShard) {
      await handler({ Records, shardId });
    },
    async counts() {
      const totals: Record<string, bigint> = {};
      const cells = (await items()).filter(({ pk }) => String(pk).startsWith('c#'));
      for (const item of cells) {
        const [, subject, counter] = String(item.pk).split('#');
        const { count, parts } = parseCell(item);
        const amounts = [
          ...(item.n === undefined ? [] : [['', count] as const]),
          ...[...parts].map(([part, sum]) => [`/${part}`, sum] as const),
        ];
        for (const [part, sum] of amounts) {
          const name = `${subject}/${counter}${part} ${String(item.sk)}`;
          totals[name] = (totals[name] ?? 0n) + sum;
        }
      }
      return totals;
    },
    async cell(of, shard) {
      const { pk, sk } = keyOf(of, shard);
      return (await items()).find((item) => item.pk === pk && item.sk === sk);
    },
    seed: (of, attributes) => put({ ...keyOf(of), ...attributes }),
    put,
    items,
    advance(ms) {
      ticks += ms;
    },
  };
}
