/**
 * What a retry costs that comes 23 hours after its change, on a counter that has counted many others
 * since: in calls, and by what it is told. In virtual time.
 */
import pLimit from 'p-limit';
import { itemPrefixes } from '../../functions/dynamo/item-prefixes.ts';
import type { TableRequest } from '../../local/memory-table/table-request.ts';
import { anyonesToken } from '../../test/harness/counts/anyones-token.ts';
import { createMemoryTally } from '../../test/harness/memory-table/memory-tally.ts';

export interface LateRetryOptions {
  /** Changes between the first attempt and the retry. */
  readonly changes: number;
  readonly seed: number;
}

export interface LateRetry {
  readonly counter: string;
  readonly changes: number;
  readonly pages: number;
  readonly calls: readonly string[];
  /** Whether the retry was told what the first attempt was. */
  readonly 'own answer': boolean;
  readonly exact: boolean;
}

const laterMs = 23 * 3_600_000;
/** Requests of one function at the same time. */
const atOnce = 8;
const keyed = { read: 'key', write: 'key' } as const;

/** On a bounded count, by as much as fits, so that the answer is the token's own. */
export async function measureLateCount(options: LateRetryOptions): Promise<LateRetry> {
  const rig = createRig(options);
  const stock = rig.tally.named('shoe/stock', 'count');
  const change = (on: Running, token: string, amount: number, isSaturating = false) =>
    on.counts.change(stock, { amount, token: anyonesToken(token), isSaturating, wantCount: true });
  await rig.run((on) => change(on, 'fill', 5));
  const first = await rig.run((on) => change(on, 'early', -7, true));
  await rig.countOthers((on, token) => change(on, token, 1));
  const retry = await rig.runAnew((on) => change(on, 'early', -7, true));
  const isOwn = first.ok && retry.ok && first.applied === 5 && retry.applied === 5;
  const isCounted = retry.ok && retry.count === options.changes;
  return rig.result('stock', isOwn && retry.replayed, isCounted);
}

/** On a book of tickets, whose answer is the number. */
export async function measureLateTicket(options: LateRetryOptions): Promise<LateRetry> {
  const rig = createRig(options);
  const orders = rig.tally.named('resto-7/orders', 'ticket');
  const draw = (on: Running, token: string) => on.tickets.draw(orders, anyonesToken(token));
  const first = await rig.run((on) => draw(on, 'early'));
  await rig.countOthers(draw);
  const book = await rig.run((on) => on.tickets.read(orders, { consistent: true }));
  const retry = await rig.runAnew((on) => draw(on, 'early'));
  const isOwn = first.ok && retry.ok && retry.replayed && retry.number === first.number;
  return rig.result('orders', isOwn, book.number === options.changes + 1);
}

/** What a function reads once for all requests of a minute: settings, and what deployments have promised. */
const isRemembered = ({ operation, input }: TableRequest): boolean =>
  operation === 'GetItem' &&
  [itemPrefixes.settings, itemPrefixes.deployments].some((prefix) =>
    input.Key?.pk?.S?.startsWith(prefix),
  );

type Running = ReturnType<ReturnType<typeof createMemoryTally>['start']>;

function createRig({ changes, seed }: LateRetryOptions) {
  let calls: string[] = [];
  let pages = 0;
  const tally = createMemoryTally({
    counters: {
      stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
      orders: { kind: 'ticket', access: keyed },
    },
    // A day of tickets, from its first minute.
    startsAt: '2096-02-28T00:01:00Z',
    seed,
    observe: (request) => {
      if (!isRemembered(request)) calls.push(request.operation);
    },
  });
  const { time } = tally;
  const running = tally.start();
  tally.table.onChange(({ name, before }) => {
    if (!before && /^[ct]#/.test(name.pk) && name.sk.includes('#')) pages++;
  });

  return {
    tally,
    run: <T>(request: (on: Running) => Promise<T>): Promise<T> => time.run(request(running)),

    /** By a function that remembers nothing; its calls alone are told. */
    runAnew<T>(request: (on: Running) => Promise<T>): Promise<T> {
      calls = [];
      return time.run(request(tally.start()));
    },

    /** Spread over the 23 hours. */
    async countOthers(request: (on: Running, token: string) => Promise<{ ok: boolean }>) {
      const limit = pLimit(atOnce);
      const startMs = time.now();
      const change = async (index: number) => {
        calls = [];
        await time.pause(startMs + (laterMs * index) / changes - time.now());
        const { ok } = await request(running, `other-${index}`);
        if (!ok) throw new Error(`change ${index} was refused`);
      };
      const indices = Array.from({ length: changes }, (_, index) => index);
      await time.run(limit.map(indices, change));
      await time.run(time.pause(startMs + laterMs - time.now()));
    },

    result: (counter: string, isOwn: boolean, exact: boolean): LateRetry => ({
      counter,
      changes,
      pages,
      calls,
      'own answer': isOwn,
      exact,
    }),
  };
}
