import { expect, test } from 'vitest';
import { defineCounters } from '../../../functions/counters/define-counters.ts';
import { createDeployments } from '../../../functions/counters/deployments.ts';
import type {
  DeploymentStore,
  StoredDeployments,
} from '../../../functions/store/deployment-store.ts';
import { StoreUnavailableError } from '../../../functions/store/store-errors.ts';

const nowMs = Date.UTC(2026, 10, 21);
const access = { read: 'public', write: 'public' } as const;
const free = defineCounters({ stock: { kind: 'count', access } });
const bounded = defineCounters({ stock: { kind: 'count', bounds: { min: 0 }, access } });

/** The record in memory, and what was asked of it. */
function createRecord() {
  let stored: StoredDeployments | undefined;
  const calls: string[] = [];
  /** What happens before the next write. */
  let interlude = async () => {};
  const store: DeploymentStore = {
    async read() {
      calls.push('read');
      return stored;
    },
    async write(record, replaces) {
      const before = interlude;
      interlude = async () => {};
      await before();
      calls.push('write');
      if ((stored?.revision ?? 0) !== replaces) return false;
      stored = { record, revision: replaces + 1 };
      return true;
    },
  };
  const container = (config = free, at = nowMs, over: Partial<DeploymentStore> = {}) =>
    createDeployments({
      store: { ...store, ...over },
      config,
      now: () => at,
      random: () => 0,
      pause: async () => {},
    });
  const between = (action: () => Promise<unknown>) => {
    interlude = async () => void (await action());
  };
  return { container, calls, between };
}

test('a container compares its configuration once, however many requests come at once', async () => {
  const { container, calls } = createRecord();
  const first = container();
  await Promise.all([first.note(), first.note(), first.refuseUnsettled('stock')]);
  await first.note();
  expect(calls).toEqual(['read', 'write']);
  await container().note();
  expect(calls).toEqual(['read', 'write', 'read']);
});

test('a token that does not say when it was made needs no record', async () => {
  const { container, calls } = createRecord();
  expect(await container().refuseByAge('order-17')).toBeUndefined();
  expect(calls).toEqual([]);
});

test('a record that cannot be read lets nothing through, and is asked for again', async () => {
  const { container } = createRecord();
  let isDown = true;
  const tried = container(bounded, nowMs, {
    read: async () => {
      if (isDown) throw new StoreUnavailableError('down');
      return undefined;
    },
  });
  await expect(tried.refuseUnsettled('stock')).rejects.toThrow(StoreUnavailableError);
  await expect(tried.note()).rejects.toThrow(StoreUnavailableError);
  isDown = false;
  expect(await tried.refuseUnsettled('stock')).toBeUndefined();
});

test('of two containers that write at once, the second goes by what the first wrote', async () => {
  const { container, between, calls } = createRecord();
  between(() => container(free).note());
  const refusal = await container(bounded, nowMs + 5_000).refuseUnsettled('stock');
  expect(refusal).toMatchObject({ code: 'bounds_settling', retryAfterSeconds: 600 });
  expect(calls).toEqual(['read', 'read', 'write', 'write', 'read', 'write']);
});
