/** Tally under test, with a proxy before its database that can hold and break what is sent. */
import { createTestTable } from './engine/test-table.ts';
import { type FaultProxy, startFaultProxy } from './faults/fault-proxy.ts';
import {
  createTallyUnderTest,
  type TallyOptions,
  type TallyUnderTest,
} from './tally-under-test.ts';

export interface TallyBehindProxyOptions extends Omit<TallyOptions, 'endpoint'> {
  /** Drives the faults that have a rate. */
  readonly proxyRandom?: () => number;
}

/** The proxy is the caller's to stop. */
export async function createTallyBehindProxy(
  options: TallyBehindProxyOptions,
): Promise<{ tally: TallyUnderTest; proxy: FaultProxy }> {
  const { proxyRandom: random, ...tallyOptions } = options;
  const table = options.table ?? (await createTestTable());
  const proxy = await startFaultProxy({
    upstream: table.endpoint,
    ...(random === undefined ? {} : { random }),
  });
  const tally = await createTallyUnderTest({ ...tallyOptions, table, endpoint: proxy.endpoint });
  return { tally, proxy };
}
