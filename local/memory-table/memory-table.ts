/**
 * The table in memory: what DynamoDB does with single items, without an engine, so that thousands of
 * schedules can be tried in seconds and each again from its seed. It knows the calls and expressions
 * that Tally uses, and throws at what it does not know. A test compares it with DynamoDB Local.
 */
import type {
  AttributeValue,
  BatchGetItemCommandInput,
  DeleteItemCommandInput,
  GetItemCommandInput,
  PutItemCommandInput,
  QueryCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../../functions/dynamo/table-definition.ts';
import { areEqualItems, itemBytes, type WireItem } from './attribute-values.ts';
import { parseCondition } from './condition.ts';
import { checkCondition, isFulfilled } from './evaluate-condition.ts';
import { rememberParsed } from './expression-memory.ts';
import { type ItemName, mostItemBytes, nameOfItem, nameOfKey, normalItem } from './normal-item.ts';
import { Placeholders } from './placeholders.ts';
import { optionally, parseProjection, planQuery, projected } from './query.ts';
import { conditionFailed, invalid, throttled } from './refused.ts';
import type { TableChange } from './stream-record.ts';
import type { Applied, TableAnswer, TableRequest } from './table-request.ts';
import { Throughput } from './throughput.ts';
import { checkUpdate, parseUpdate, updated } from './update.ts';

export interface MemoryTableOptions {
  readonly tableName: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Write units a second that a partition key takes (AWS: 1,000); it takes three times as many to read. No limit if left out. */
  readonly unitsASecond?: number;
}

interface Stored {
  readonly item: WireItem;
  readonly bytes: number;
  /** What an eventually consistent read may still see. */
  readonly earlier: WireItem | undefined;
}

const { ttlAttribute } = tableDefinition;
const conditionOf = rememberParsed((text) => parseCondition('ConditionExpression', text));
const updateOf = rememberParsed(parseUpdate);

/** Far beyond what a JavaScript number can hold, as on AWS. */
const firstSequence = 700_000_000_000_000_000_000_000n;
const writeUnitBytes = 1_024;
const readUnitBytes = 4_096;

export class MemoryTable {
  readonly tableName: string;
  readonly #now: () => number;
  readonly #partitions = new Map<string, Map<string, Stored>>();
  readonly #listeners: ((change: TableChange) => void)[] = [];
  readonly #writes: Throughput | undefined;
  readonly #reads: Throughput | undefined;
  #sequence = firstSequence;

  constructor({ tableName, now, unitsASecond }: MemoryTableOptions) {
    this.tableName = tableName;
    this.#now = now;
    this.#writes = optionally(unitsASecond, (units) => new Throughput(units, now));
    this.#reads = optionally(unitsASecond, (units) => new Throughput(3 * units, now));
  }

  /** Hears of every change from now on, in order. */
  onChange(listener: (change: TableChange) => void): void {
    this.#listeners.push(listener);
  }

  *items(): Generator<WireItem> {
    for (const partition of this.#partitions.values()) {
      for (const { item } of partition.values()) yield item;
    }
  }

  item({ pk, sk }: ItemName): WireItem | undefined {
    return this.#partitions.get(pk)?.get(sk)?.item;
  }

  /**
   * Removes items whose time is over, as DynamoDB does some hours or days later.
   *
   * @param isChosen which of them; all if left out
   */
  expire(isChosen: (item: WireItem) => boolean = () => true): void {
    const nowSeconds = this.#now() / 1000;
    const over = [...this.items()].filter((item) => {
      const expiresAt = item[ttlAttribute]?.N;
      return expiresAt !== undefined && Number(expiresAt) <= nowSeconds && isChosen(item);
    });
    for (const item of over) this.#store(nameOfItem(item), undefined, true);
  }

  /**
   * @param options.mayBeStale whether an eventually consistent read sees items as they were one
   *   change ago
   */
  apply(request: TableRequest, { mayBeStale = false } = {}): Applied {
    try {
      switch (request.operation) {
        case 'PutItem':
          return this.#put(request.input);
        case 'UpdateItem':
          return this.#update(request.input);
        case 'DeleteItem':
          return this.#delete(request.input);
        case 'GetItem':
          return this.#get(request.input, mayBeStale);
        case 'BatchGetItem':
          return this.#batchGet(request.input, mayBeStale);
        case 'Query':
          return this.#query(request.input);
      }
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ValidationException')) throw error;
      return { ...nothing, outcome: 'refused', error };
    }
  }

  #put(input: PutItemCommandInput): Applied {
    checkReturnValues(input.ReturnValues, ['ALL_OLD']);
    const item = normalItem(input.Item ?? {});
    const name = nameOfItem(item);
    return this.#write(input, name, { change: () => item });
  }

  #delete(input: DeleteItemCommandInput): Applied {
    checkReturnValues(input.ReturnValues, ['ALL_OLD']);
    return this.#write(input, nameOfKey(input.Key), { change: () => undefined });
  }

  #update(input: UpdateItemCommandInput): Applied {
    checkReturnValues(input.ReturnValues, ['ALL_OLD', 'ALL_NEW']);
    const name = nameOfKey(input.Key);
    const update = optionally(input.UpdateExpression, updateOf);
    return this.#write(input, name, {
      update,
      change: (before, placeholders) => {
        const item = before ?? { ...input.Key };
        return update ? updated(update, item, placeholders) : item;
      },
    });
  }

  #write(
    input: Omit<PutItemCommandInput, 'Item'>,
    name: ItemName,
    {
      update,
      change,
    }: {
      update?: ReturnType<typeof parseUpdate> | undefined;
      change: (before: WireItem | undefined, placeholders: Placeholders) => WireItem | undefined;
    },
  ): Applied {
    const placeholders = new Placeholders(input);
    const condition = optionally(input.ConditionExpression, conditionOf);
    placeholders.check([condition, update].filter((it) => it !== undefined));
    if (condition) checkCondition(condition.condition, placeholders);
    if (update) checkUpdate(update, placeholders);
    if (this.#writes && !this.#writes.admits(name.pk)) return refusedByThroughput();
    const stored = this.#partitions.get(name.pk)?.get(name.sk);
    const before = stored?.item;
    if (condition && !isFulfilled(condition.condition, before ?? {}, placeholders)) {
      const isWanted = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
      const writeUnits = this.#spendWrite(name.pk, stored?.bytes ?? 0);
      return {
        ...nothing,
        outcome: 'condition_failed',
        error: conditionFailed(isWanted && before ? { ...before } : undefined),
        writeUnits,
        name,
        before,
        after: before,
      };
    }
    const after = change(before, placeholders);
    const bytes = after ? itemBytes(after) : 0;
    if (bytes > mostItemBytes) {
      throw invalid('Item size has exceeded the maximum allowed size');
    }
    const writeUnits = this.#spendWrite(name.pk, Math.max(bytes, stored?.bytes ?? 0));
    this.#store(name, after && { item: after, bytes }, false);
    const answer = attributesOf(input.ReturnValues, before, after);
    return { ...nothing, answer, writeUnits, name, before, after, bytes };
  }

  #spendWrite(pk: string, bytes: number): number {
    const units = Math.max(1, Math.ceil(bytes / writeUnitBytes));
    this.#writes?.spend(pk, units);
    return units;
  }

  #store(name: ItemName, after: Pick<Stored, 'item' | 'bytes'> | undefined, isExpiry: boolean) {
    const partition = this.#partitions.get(name.pk) ?? new Map<string, Stored>();
    const before = partition.get(name.sk)?.item;
    if (after) {
      partition.set(name.sk, { ...after, earlier: before });
      this.#partitions.set(name.pk, partition);
    } else {
      partition.delete(name.sk);
      if (partition.size === 0) this.#partitions.delete(name.pk);
    }
    const isSame = before && after ? areEqualItems(before, after.item) : before === after;
    // What changes nothing is not in the stream.
    if (isSame || this.#listeners.length === 0) return;
    const change: TableChange = {
      name,
      before,
      after: after?.item,
      sequence: String(++this.#sequence),
      atMs: this.#now(),
      isExpiry,
    };
    for (const listener of this.#listeners) listener(change);
  }

  #get(input: GetItemCommandInput, mayBeStale: boolean): Applied {
    const name = nameOfKey(input.Key);
    const placeholders = new Placeholders(input);
    const projection = optionally(input.ProjectionExpression, parseProjection);
    placeholders.check(projection ? [projection] : []);
    if (this.#reads && !this.#reads.admits(name.pk)) return refusedByThroughput();
    const isConsistent = input.ConsistentRead === true;
    const { item, readUnits } = this.#read(name, isConsistent, mayBeStale);
    const answer = item ? { Item: projected(item, projection, placeholders) } : {};
    return { ...nothing, answer, readUnits };
  }

  #read(
    { pk, sk }: ItemName,
    isConsistent: boolean,
    mayBeStale: boolean,
  ): { item: WireItem | undefined; readUnits: number } {
    const stored = this.#partitions.get(pk)?.get(sk);
    const isStale = mayBeStale && !isConsistent;
    const readUnits = readUnitsOf(stored?.bytes ?? 0, isConsistent);
    this.#reads?.spend(pk, readUnits);
    return { item: isStale ? stored?.earlier : stored?.item, readUnits };
  }

  #batchGet({ RequestItems = {} }: BatchGetItemCommandInput, mayBeStale: boolean): Applied {
    const { [this.tableName]: request, ...others } = RequestItems;
    if (!request || Object.keys(others).length > 0) throw new Error('there is one table only');
    const { Keys = [], ConsistentRead = false } = request;
    checkBatch(Keys);
    const items: WireItem[] = [];
    const unread: Record<string, AttributeValue>[] = [];
    let units = 0;
    for (const key of Keys) {
      const name = nameOfKey(key);
      if (this.#reads && !this.#reads.admits(name.pk)) {
        unread.push(key);
        continue;
      }
      const { item, readUnits } = this.#read(name, ConsistentRead, mayBeStale);
      units += readUnits;
      if (item) items.push(item);
    }
    if (unread.length === Keys.length) return refusedByThroughput();
    const UnprocessedKeys =
      unread.length === 0 ? {} : { [this.tableName]: { ...request, Keys: unread } };
    const answer = { Responses: { [this.tableName]: items }, UnprocessedKeys };
    return { ...nothing, answer, readUnits: units };
  }

  #query(input: QueryCommandInput): Applied {
    const { pk, run } = planQuery(input);
    if (this.#reads && !this.#reads.admits(pk)) return refusedByThroughput();
    const stored = [...(this.#partitions.get(pk)?.values() ?? [])];
    const { output, bytes } = run(stored.map(({ item }) => item));
    const readUnits = readUnitsOf(bytes, input.ConsistentRead === true);
    this.#reads?.spend(pk, readUnits);
    return { ...nothing, answer: output, readUnits };
  }
}

const nothing = { outcome: 'done', answer: {}, writeUnits: 0, readUnits: 0 } as const;

const refusedByThroughput = (): Applied => ({
  ...nothing,
  outcome: 'throttled',
  error: throttled(),
});

const readUnitsOf = (bytes: number, isConsistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / readUnitBytes)) * (isConsistent ? 1 : 0.5);

function checkReturnValues(given: string | undefined, known: readonly string[]): void {
  if (given?.startsWith('UPDATED')) throw new Error(`the memory table does not know ${given}`);
  if (given !== undefined && given !== 'NONE' && !known.includes(given)) {
    throw invalid(`Return values set to invalid value: ${given}`);
  }
}

function checkBatch(keys: readonly WireItem[]): void {
  const names = keys.map((key) => JSON.stringify(nameOfKey(key)));
  if (new Set(names).size !== names.length) {
    throw invalid('Provided list of item keys contains duplicates');
  }
  if (keys.length === 0 || keys.length > 100) {
    throw invalid('Too many items requested for the BatchGetItem call');
  }
}

function attributesOf(
  wanted: string | undefined,
  before: WireItem | undefined,
  after: WireItem | undefined,
): TableAnswer {
  const shown = wanted === 'ALL_NEW' ? after : wanted === 'ALL_OLD' ? before : undefined;
  return shown ? { Attributes: shown } : {};
}
