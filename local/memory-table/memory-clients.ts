/**
 * Clients of the memory table for one instance of a function: calls take time, meet faults and are
 * tried again as the SDK does it. Everything by chance is drawn from one seed.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { DynamoClients } from '../../functions/dynamo/dynamo-clients.ts';
import { noteFailedAttempt } from '../../functions/dynamo/dynamo-errors.ts';
import { toDocumentAnswer, toRequest } from './document-request.ts';
import type { ChooseFault } from './faults.ts';
import type { MemoryTable } from './memory-table.ts';
import { throttled } from './refused.ts';
import type { Applied, TableRequest } from './table-request.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface ConnectionOptions {
  readonly table: MemoryTable;
  readonly time: VirtualTime;
  /** In [0, 1). */
  readonly random: () => number;
  readonly chooseFault?: ChooseFault;
  /** How long a call takes there and back; calls in flight overtake each other. */
  readonly latencyMs?: readonly [least: number, most: number];
  /** Longest time after which a call that is late, or a duplicate, still arrives (AWS: the signature holds for five minutes). */
  readonly latestMs?: number;
  /** Hears of every call that reaches the table. */
  readonly observe?: (request: TableRequest, applied: Applied) => void;
}

export interface Connection {
  readonly clients: DynamoClients;
  /** Resolves when a fault lets this instance die: none of its calls will ever return. */
  readonly crashed: Promise<void>;
}

const requestTimeoutMs = 3_000;
/** What the SDK waits at most before its second attempt, by what the first one failed with. */
const retryMs = { usual: 100, throttled: 500 };

export function connectToMemoryTable(options: ConnectionOptions): Connection {
  const { table, time, random, latencyMs: [least, most] = [2, 12] } = options;
  const { chooseFault, observe, latestMs = 300_000 } = options;
  let isDead = false;
  let die = () => {};
  const crashed = new Promise<void>((resolve) => {
    die = resolve;
  });

  function apply(request: TableRequest, mayBeStale = false): Applied {
    const applied = table.apply(request, { mayBeStale });
    observe?.(request, applied);
    return applied;
  }

  const arriveLater = (request: TableRequest, leastMs: number) =>
    time.later(leastMs + random() * (latestMs - leastMs), () => void apply(request));

  function crash(): Promise<never> {
    isDead = true;
    die();
    return new Promise(() => {});
  }

  async function attempt(request: TableRequest): Promise<object> {
    if (isDead) return crash();
    const halfMs = () => (least + random() * (most - least)) / 2;
    const fault = chooseFault?.(request);
    await time.pause(halfMs());
    if (isDead || fault === 'crash_before') return crash();
    if (fault === 'never_sent') throw notConnected();
    if (fault === 'throttled') throw throttled();
    if (fault === 'arrives_late') {
      arriveLater(request, requestTimeoutMs);
      await time.pause(requestTimeoutMs);
      throw timedOut();
    }
    const applied = apply(request, fault === 'stale');
    if (fault === 'duplicated') arriveLater(request, 0);
    if (fault === 'reply_lost') {
      await time.pause(requestTimeoutMs);
      throw timedOut();
    }
    await time.pause(halfMs());
    if (isDead || fault === 'crash_after') return crash();
    if (applied.error) throw applied.error;
    return toDocumentAnswer(applied.answer);
  }

  async function send(command: unknown, maxAttempts: number): Promise<object> {
    const request = toRequest(command);
    let isUnknown = false;
    for (let tried = 1; ; tried++) {
      try {
        return await attempt(request);
      } catch (error) {
        isUnknown = noteFailedAttempt(error, isUnknown);
        if (tried === maxAttempts || !isTransient(error)) throw error;
        const base = isThrottle(error) ? retryMs.throttled : retryMs.usual;
        await time.pause(random() * base * 2 ** (tried - 1));
      }
    }
  }

  function client(maxAttempts: number): DynamoDBDocumentClient {
    const made = DynamoDBDocumentClient.from(neverSending);
    made.send = ((command: unknown) => send(command, maxAttempts)) as typeof made.send;
    return made;
  }

  return { clients: { retrying: client(3), once: client(1) }, crashed };
}

/** What the document client is made of; nothing is ever sent through it. */
const neverSending = new DynamoDBClient({ region: 'local' });

/** As Node and the SDK say it. */
const notConnected = (): Error =>
  Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

const timedOut = (): Error =>
  Object.assign(new Error(`no answer within ${requestTimeoutMs} ms`), { name: 'TimeoutError' });

const isThrottle = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ProvisionedThroughputExceededException';

const isTransient = (error: unknown): boolean =>
  isThrottle(error) || (error instanceof Error && !('$fault' in error));
