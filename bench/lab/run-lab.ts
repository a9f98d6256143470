/**
 * The stream lab: the product's own write path and stream function on a table in memory, whose stream
 * is cut into as many stream shards as a busy table has on AWS, for days of virtual time.
 */
import { createCounters } from '../../functions/counters/counters.ts';
import { defineCounters, type TallyConfig } from '../../functions/counters/define-counters.ts';
import { streamFilters } from '../../functions/dynamo/stream-filters.ts';
import { faultsByChance } from '../../local/memory-table/faults.ts';
import { MemoryTable } from '../../local/memory-table/memory-table.ts';
import { toStreamRecord } from '../../local/memory-table/stream-record.ts';
import { VirtualTime } from '../../local/memory-table/virtual-time.ts';
import { seededRandom } from '../../test/harness/seeded-random.ts';
import { isWanted } from './event-filter.ts';
import type { ExpectedCounts } from './expected-counts.ts';
import { findDifferences } from './final-counts.ts';
import {
  createInstance,
  createStreamInstance,
  type FaultlessOptions,
  faultless,
  region,
  type StreamInstance,
} from './lab-instance.ts';
import { LabMeasures } from './lab-measures.ts';
import type { LabOptions } from './lab-options.ts';
import { type LabResult, labResult } from './lab-result.ts';
import { type DeliveryOptions, deliverShard } from './shard-delivery.ts';
import { StreamShards } from './stream-shards.ts';
import { counterName, namedCounter, runWorkload, subjectOf } from './workload.ts';

const startMs = Date.UTC(2096, 1, 28, 5, 17);
const hourMs = 3_600_000;
/** What a partition key takes on AWS. */
const unitsASecond = 1_000;
const streamFaults = {
  reply_lost: 0.002,
  arrives_late: 0.001,
  duplicated: 0.002,
  throttled: 0.001,
  never_sent: 0.001,
  crash_before: 0.0003,
  crash_after: 0.0003,
  stale: 0.01,
};
const writerFaults = { ...streamFaults, reply_lost: 0.01, duplicated: 0.01 };
/** Chance that an instance is not used again after an invocation. */
const retireChance = 0.005;
/** Share of the expired items that are removed within an hour. */
const removedShare = 0.7;
/** Listeners ask again before what they said is forgotten. */
const renewMs = 240_000;
/** What the stream's mapping lets through. */
const filters = streamFilters(region);

/**
 * @param shardIdFor what functions are told that a stream shard is called; a test misleads them, to
 *   see that the lab notices
 */
export async function runLab(
  lab: LabOptions,
  shardIdFor: (shardId: string) => string = (shardId) => shardId,
): Promise<LabResult> {
  const random = seededRandom(lab.seed);
  const time = new VirtualTime(startMs);
  const table = new MemoryTable({ tableName: 'lab', now: time.now, unitsASecond });
  const parts: FaultlessOptions = {
    config: labConfig(lab),
    table,
    time,
    random,
    skewMs: lab.skewMs,
  };
  const measures = new LabMeasures(time.now);
  const stream = createStream(lab, { ...parts, measures, shardIdFor });

  async function everything(): Promise<ExpectedCounts> {
    const watching = lab.isWatched ? watch(parts, stream) : undefined;
    const [expected] = await Promise.all([
      runWorkload({
        ...parts,
        lab,
        createInstance: () =>
          createInstance({
            ...parts,
            chooseFault: lab.hasFaults ? faultsByChance(writerFaults, random) : undefined,
            observe: () => {},
          }),
      }),
      removeExpired(lab, parts),
    ]);
    await stream.drain();
    await watching;
    return expected;
  }

  const begunAt = performance.now();
  const cpuAtBegin = process.cpuUsage();
  const expected = await time.run(everything());
  await time.runOut();
  return labResult(lab, {
    measures,
    streamShards: stream.count,
    differences: await findDifferences(parts, expected),
    lastTotal: expected.total(subjectOf(0)),
    wallMs: performance.now() - begunAt,
    cpuMs: process.cpuUsage(cpuAtBegin).user / 1_000,
  });
}

interface Stream {
  /** How many stream shards there have been. */
  readonly count: number;
  readonly isOver: boolean;
  /** Resolves when everything is delivered; nothing is delivered after that. */
  drain(): Promise<void>;
}

/** The table's stream, from its changes to the functions that they are delivered to. */
function createStream(
  lab: LabOptions,
  options: FaultlessOptions & {
    measures: LabMeasures;
    shardIdFor: (shardId: string) => string;
  },
): Stream {
  const { table, time, random, measures, shardIdFor } = options;
  const delivering = new Map<object, Promise<void>>();
  const undelivered = { records: 0 };
  let isOver = false;
  const delivery: DeliveryOptions = {
    time,
    random,
    batchSeconds: lab.batchSeconds,
    redelivered: lab.redelivered,
    shardIdFor,
    ...createInstances(lab, options),
    onFolded(lagMs) {
      undelivered.records--;
      measures.observeLag(lagMs);
    },
    onFailed: (error) => measures.observeFailure(error),
    onGivenUp(records) {
      undelivered.records -= records;
      measures.givenUpRecords += records;
    },
  };
  const shards = new StreamShards({
    shards: lab.shards,
    time,
    random,
    endMs: startMs + lab.hours * hourMs,
    onOpen(shard) {
      const before = shard.parent && delivering.get(shard.parent);
      // Its parent first, so that an item's changes stay in order.
      const delivered = Promise.resolve(before).then(() => deliverShard(shard, delivery));
      delivering.set(shard, delivered);
      void delivered.finally(() => delivering.delete(shard));
    },
  });
  table.onChange((change) => {
    measures.observeChange(change);
    if (isOver || !isWanted(toStreamRecord(change), filters)) return;
    undelivered.records++;
    shards.append(change);
  });

  return {
    get count() {
      return shards.count;
    },
    get isOver() {
      return isOver;
    },
    async drain() {
      while (undelivered.records > 0) await time.pause(1_000);
      isOver = true;
      shards.close();
      await Promise.all(delivering.values());
    },
  };
}

/** Instances of the stream function; each has one invocation at a time. */
function createInstances(
  lab: LabOptions,
  { measures, ...parts }: FaultlessOptions & { measures: LabMeasures },
): Pick<DeliveryOptions, 'takeInstance' | 'giveBack'> {
  const { time, random } = parts;
  const idle: StreamInstance[] = [];
  const create = () =>
    createStreamInstance({
      ...parts,
      chooseFault: lab.hasFaults ? faultsByChance(streamFaults, random) : undefined,
      observe: measures.observeStreamCall,
      publish: ({ body }) => measures.messages.observe(time.now(), body.count),
      report: () => {},
    });
  return {
    takeInstance() {
      measures.invocations++;
      return idle.pop() ?? create();
    },
    giveBack(instance) {
      if (random() < retireChance) return;
      // Any of them may be the next.
      idle.splice(Math.floor(random() * (idle.length + 1)), 0, instance);
    },
  };
}

function labConfig({ write, windows, maxShards }: LabOptions): TallyConfig {
  return defineCounters({
    [counterName]: {
      kind: 'count',
      write,
      windows: [...windows],
      maxShards,
      // An API key may change by any amount.
      access: { read: 'key', write: 'key' },
    },
  });
}

/** The table removes what has expired: late, and in any order. */
async function removeExpired(
  lab: LabOptions,
  { table, time, random }: FaultlessOptions,
): Promise<void> {
  for (let hour = 0; hour < lab.hours; hour++) {
    await time.pause(hourMs);
    table.expire(() => random() < removedShare);
  }
}

/** Somebody listens to the first counter, and says so again and again. */
async function watch(parts: FaultlessOptions, stream: Stream): Promise<void> {
  const { live } = createCounters(createInstance({ ...parts, ...faultless }).context);
  while (!stream.isOver) {
    const isHeard = await live.findChannel(namedCounter(parts.config, subjectOf(0))).then(
      () => true,
      () => false,
    );
    await parts.time.pause(isHeard ? renewMs : 1_000);
  }
}
