/** The counters of several functions on a table in memory, in virtual time and from a seed. */
import {
  createInstance,
  type FaultlessOptions,
  faultless,
  type InstanceOptions,
} from '../../../bench/lab/lab-instance.ts';
import { createCounters } from '../../../functions/counters/counters.ts';
import {
  type CounterDefinition,
  type CounterKind,
  defineCounters,
} from '../../../functions/counters/define-counters.ts';
import type { NamedCounter } from '../../../functions/counters/named-counter.ts';
import type { Stores } from '../../../functions/store/stores.ts';
import type { ChooseFault } from '../../../local/memory-table/faults.ts';
import { MemoryTable } from '../../../local/memory-table/memory-table.ts';
import type { TableRequest } from '../../../local/memory-table/table-request.ts';
import { VirtualTime } from '../../../local/memory-table/virtual-time.ts';
import { withAnyAmounts } from '../counts/any-amounts.ts';
import { seededRandom } from '../seeded-random.ts';

export interface MemoryTallyOptions {
  readonly counters: Parameters<typeof defineCounters>[0];
  readonly startsAt?: string;
  readonly seed?: number;
  readonly chooseFault?: ChooseFault;
  /** Hears of every call that reaches the table. */
  readonly observe?: InstanceOptions['observe'];
  /** Write units a second of one item; no limit if left out. */
  readonly unitsASecond?: number;
  /** The deployment before, whose table it takes over. */
  readonly before?: { readonly time: VirtualTime; readonly table: MemoryTable };
}

type OfKind<K extends CounterKind> = Extract<CounterDefinition, { kind: K }>;

export function createMemoryTally(options: MemoryTallyOptions) {
  const { startsAt = '2096-02-28T12:00:00Z', seed = 1, unitsASecond, before } = options;
  const time = before?.time ?? new VirtualTime(Date.parse(startsAt));
  const random = seededRandom(seed);
  const limited = unitsASecond === undefined ? {} : { unitsASecond };
  const table = before?.table ?? new MemoryTable({ tableName: 'tally', now: time.now, ...limited });
  const config = defineCounters(withAnyAmounts(options.counters));
  const parts: FaultlessOptions = { config, table, time, random, skewMs: 0 };

  return {
    table,
    time,
    random,
    config,

    /** Another function, which remembers nothing. */
    start({
      areFaultsOn = true,
      wrap = (stores: Stores) => stores,
    }: {
      areFaultsOn?: boolean;
      wrap?: (stores: Stores) => Stores;
    } = {}) {
      const { chooseFault, observe = faultless.observe } = options;
      const { context } = createInstance({
        ...parts,
        chooseFault: areFaultsOn ? chooseFault : undefined,
        observe,
      });
      return createCounters({ ...context, stores: wrap(context.stores) });
    },

    named<K extends CounterKind>(name: string, kind: K): NamedCounter<OfKind<K>> {
      const [subject = '', counter = ''] = name.split('/');
      const definition = config.counters.get(counter);
      if (definition?.kind !== kind) throw new Error(`${counter} is not a ${kind}`);
      return { subject, counter, definition: definition as OfKind<K> };
    },
  };
}

/** Whether a call enters a token into its register. */
export const isEntering = ({ operation, input }: TableRequest): boolean =>
  operation === 'UpdateItem' && input.ExpressionAttributeValues?.[':entry'] !== undefined;

/** Whether a call puts a token. */
export const isPuttingToken = ({ operation, input }: TableRequest): boolean =>
  operation === 'PutItem' && input.Item?.pk?.S?.startsWith('e#') === true;
