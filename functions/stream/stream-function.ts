import type { DynamoDBRecord } from 'aws-lambda';
import type { CounterContext } from '../counters/counter-context.ts';
import { createCounters } from '../counters/counters.ts';
import { parseStreamRecord, type StreamChange } from '../dynamo/stream-records.ts';
import type { LedgerChange } from '../rules/fold.ts';
import type { FoldStore } from '../store/fold-store.ts';
import { createFold } from './fold-batch.ts';
import { createChangePublisher } from './publish-changes.ts';
import type { Publish } from './publisher.ts';

/** A stream event as Lambda sends it when the mapping has a tumbling window. */
export interface StreamEvent {
  readonly Records: readonly DynamoDBRecord[];
  readonly shardId: string;
}

export interface BatchReport {
  /** Images and cells that are none of Tally's. */
  readonly ignored: number;
  readonly folded: number;
  readonly published: number;
  /** Live messages that were not sent. */
  readonly failures: readonly unknown[];
  /** What failed beside the fold and will be tried again with a later one. */
  readonly postponed: readonly unknown[];
}

export interface StreamFunctionOptions {
  readonly context: CounterContext;
  readonly foldStore: FoldStore;
  readonly publish: Publish;
  readonly report: (report: BatchReport) => void;
}

/** @returns the handler; it throws if the batch must be delivered again */
export function createStreamFunction(options: StreamFunctionOptions) {
  const { context, foldStore, publish, report } = options;
  const { config, region, now } = context;
  const fold = createFold({ store: foldStore, config, region, now });
  const publishChanges = createChangePublisher({
    context,
    counters: createCounters(context),
    publish,
  });

  return async ({ Records, shardId }: StreamEvent): Promise<{ state: Record<string, never> }> => {
    const parsed = Records.map((record) => parseStreamRecord(record, region));
    const changes = parsed.flatMap((it) => changesOf(it));
    const { changed, malformed, postponed } = await fold(shardId, changes);
    const moves = parsed.flatMap((it) => (it.kind === 'cell' && it.move ? [it.move] : []));
    const { sent, failures } = await publishChanges([...changed, ...moves]);
    report({
      ignored: parsed.reduce((sum, it) => sum + ignoredImages(it), malformed),
      folded: changes.length,
      published: sent,
      failures,
      postponed,
    });
    // The window is on only for the shard's id in the event; nothing is carried over in it.
    return { state: {} };
  };
}

function ignoredImages(parsed: ReturnType<typeof parseStreamRecord>): number {
  if (parsed.kind === 'foreign') return 1;
  return parsed.kind === 'ledger' ? parsed.malformedImages : 0;
}

/** What of a record the fold has to add to cells. */
function changesOf(parsed: StreamChange): LedgerChange[] {
  if (parsed.kind === 'ledger') return [parsed.change];
  return parsed.kind === 'cell' && parsed.direct ? [parsed.direct] : [];
}
