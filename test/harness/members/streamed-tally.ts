/**
 * Tally inside a test, on a table with its real stream: members change their ledger items, so what
 * an item was before matters. One streamed table an engine; a test file shares one and tells its tests
 * apart by their subjects.
 */
import { createDynamoFoldStore } from '../../../functions/dynamo/dynamo-fold-store.ts';
import type { LiveMessage } from '../../../functions/stream/publisher.ts';
import {
  createStreamFunction,
  type StreamEvent,
} from '../../../functions/stream/stream-function.ts';
import { startTestEngine } from '../engine/test-engine.ts';
import { createTestTable } from '../engine/test-table.ts';
import {
  createTallyUnderTest,
  type TallyOptions,
  type TallyUnderTest,
} from '../tally-under-test.ts';
import { storedContext } from './stored-context.ts';
import { openTableStream } from './table-stream.ts';

export interface StreamedTally extends TallyUnderTest {
  /** The HTTP functions of the regions, by their names. */
  readonly at: Readonly<Record<string, TallyUnderTest>>;
  /** What the stream function published, in order. */
  readonly messages: LiveMessage[];
  /** What the stream function could not publish. */
  readonly failures: unknown[];
  /** All cells as they are stored, with what the fold remembers in them. */
  cells(): Promise<Record<string, unknown>[]>;
  /** Moves the time of all regions. */
  advance(ms: number): void;
  /** Makes publishing fail with this from now on. */
  failPublishing(error: Error | undefined): void;
  stop(): Promise<void>;
}

export interface StreamedTallyOptions extends Omit<TallyOptions, 'table' | 'endpoint'> {
  /** Whether every batch is delivered twice, which must make no difference; true by default. */
  readonly redelivers?: boolean;
}

/** @param options.regions one table stands for all replicas, as if nothing ever lagged */
export async function createStreamedTally(options: StreamedTallyOptions): Promise<StreamedTally> {
  const { regions = ['local'], redelivers = true } = options;
  const engine = await startTestEngine({ dataFolder: 'memory' });
  const table = await createTestTable({ endpoint: engine.endpoint, stream: true });
  const tallies = await Promise.all(
    regions.map(async (region) => {
      const others = regions.filter((it) => it !== region);
      return [
        region,
        await createTallyUnderTest({ ...options, regions: [region, ...others], table }),
      ] as const;
    }),
  );
  const first = tallies[0]?.[1] as TallyUnderTest;
  const messages: LiveMessage[] = [];
  const failures: unknown[] = [];
  let publishError: Error | undefined;

  const { context, clients } = storedContext({ ...options, table, now: first.clock.now });
  const handlers = regions.map((region) =>
    createStreamFunction({
      context: { ...context, region, regions, pause: async () => {} },
      foldStore: createDynamoFoldStore({ ...context, clients, tableName: table.tableName }),
      publish: async (message) => {
        if (publishError) throw publishError;
        messages.push(message);
      },
      report: (report) => void failures.push(...report.failures),
    }),
  );
  const stream = await openTableStream({
    ...table,
    redelivers,
    now: first.clock.now,
    handler: (event: StreamEvent) => Promise.all(handlers.map((handler) => handler(event))),
  });

  return {
    ...first,
    at: Object.fromEntries(tallies),
    messages,
    failures,
    cells: async () => (await first.items()).filter(({ pk }) => String(pk).startsWith('c#')),
    settle: () => stream.deliver(),
    advance(ms) {
      for (const [, { clock }] of tallies) clock.advance(ms);
    },
    failPublishing(error) {
      publishError = error;
    },
    stop: () => engine.stop(),
  };
}
