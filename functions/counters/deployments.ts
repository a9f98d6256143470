/**
 * What this deployment has to keep of what earlier ones promised. It is compared with the record in
 * the table once per container, at the first request that depends on it, so it costs nothing per
 * request.
 */
import { repeat } from '../rules/backoff.ts';
import type { CounterShape } from '../rules/counter-changes.ts';
import { type DeployedConfig, type DeploymentRecord, recordUnder } from '../rules/deployments.ts';
import { limits } from '../rules/limits.ts';
import { carriesTime, trustedTokenHours } from '../rules/tokens.ts';
import type { DeploymentStore } from '../store/deployment-store.ts';
import { StoreUnavailableError } from '../store/store-errors.ts';
import type { CounterContext } from './counter-context.ts';
import type { CounterDefinition, TallyConfig } from './define-counters.ts';
import { type Refusal, refuse } from './refusals.ts';
import { refuseByAge } from './token-age.ts';

export interface Deployments {
  /**
   * Why a token cannot be taken any more, or yet; undefined if it can. Only one that carries its time
   * needs the record. @throws StoreUnavailableError
   */
  refuseByAge(token: string): Promise<Refusal | undefined>;
  /**
   * Why a count with bounds takes no changes yet: what was accepted before it had them may be pending,
   * and nobody can tell. @throws StoreUnavailableError
   */
  refuseUnsettled(counter: string): Promise<Refusal | undefined>;
  /** Must be called before a change is put into the ledger: it will be pending. @throws StoreUnavailableError */
  note(): Promise<void>;
}

export function createDeployments({
  store,
  config,
  now,
  random,
  pause,
}: { store: DeploymentStore } & Pick<
  CounterContext,
  'config' | 'now' | 'random' | 'pause'
>): Deployments {
  const deployed = deployedConfig(config);
  let current: Promise<DeploymentRecord> | undefined;

  /** @returns undefined if another container wrote meanwhile */
  async function update(): Promise<DeploymentRecord | undefined> {
    const stored = await store.read();
    const record = recordUnder(stored?.record, deployed, now());
    if (record === stored?.record) return record;
    return (await store.write(record, stored?.revision ?? 0)) ? record : undefined;
  }

  async function compare(): Promise<DeploymentRecord> {
    const record = await repeat(update, {
      attempts: limits.boundedAttempts,
      isToRepeat: (it) => it === undefined,
      random,
      pause,
    });
    if (record) return record;
    throw new StoreUnavailableError('the record of the deployments changes too fast');
  }

  function read(): Promise<DeploymentRecord> {
    current ??= compare().catch((error: unknown) => {
      current = undefined;
      throw error;
    });
    return current;
  }

  return {
    async refuseByAge(token) {
      if (!carriesTime(token)) return undefined;
      const { tokenLife } = await read();
      const nowMs = now();
      return refuseByAge(token, nowMs, trustedTokenHours(tokenLife, nowMs) * 3_600_000);
    },

    async refuseUnsettled(counter) {
      const { boundedSinceMs } = await read();
      const settledAtMs = (boundedSinceMs.get(counter) ?? 0) + limits.boundsSettleSeconds * 1000;
      const leftMs = settledAtMs - now();
      if (leftMs <= 0) return undefined;
      const settledAt = new Date(settledAtMs).toISOString();
      return {
        ...refuse('bounds_settling', `Changes of this counter are taken from ${settledAt} on.`),
        retryAfterSeconds: Math.ceil(leftMs / 1000),
      };
    },

    async note() {
      await read();
    },
  };
}

function deployedConfig({ counters, settings }: TallyConfig): DeployedConfig {
  const bounded = [...counters].flatMap(([name, definition]): [string, boolean][] =>
    definition.kind === 'count' ? [[name, definition.bounds !== undefined]] : [],
  );
  return {
    tokenHours: settings.tokenHours,
    bounded: new Map(bounded),
    shapes: counterShapes(counters),
  };
}

/** What of each definition decides which items hold its numbers. */
export const counterShapes = (
  counters: TallyConfig['counters'],
): ReadonlyMap<string, CounterShape> =>
  new Map([...counters].map(([name, definition]) => [name, shapeOf(definition)]));

function shapeOf(definition: CounterDefinition): CounterShape {
  const { kind } = definition;
  switch (kind) {
    case 'count': {
      const { windows, bounds } = definition;
      return { kind, windows, ...(bounds && { bounds }) };
    }
    case 'unique':
      return { kind, windows: definition.windows };
    case 'reaction':
      return { kind, choices: definition.choices };
    case 'ticket':
    case 'presence':
    case 'limit':
      return { kind };
  }
}
