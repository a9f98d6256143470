import type { Stores } from '../store/stores.ts';
import { createDynamoAllowanceStore } from './dynamo-allowance-store.ts';
import { createDynamoApiKeyStore } from './dynamo-api-key-store.ts';
import { createDynamoCellStore } from './dynamo-cell-store.ts';
import type { Table } from './dynamo-clients.ts';
import { createDynamoDeploymentStore } from './dynamo-deployment-store.ts';
import { createDynamoHealth } from './dynamo-health.ts';
import { createDynamoMemberStore } from './dynamo-member-store.ts';
import { createDynamoRegisterStore } from './dynamo-register-store.ts';
import { createDynamoSecretStore } from './dynamo-secret-store.ts';
import { createDynamoSettingsStore } from './dynamo-settings-store.ts';
import { createDynamoSketchStore } from './dynamo-sketch-store.ts';
import { createDynamoSubscriptionStore } from './dynamo-subscription-store.ts';
import { createDynamoWatchStore } from './dynamo-watch-store.ts';
import { createItemReader } from './item-reader.ts';

/** All stores of one table. They share a reader, which merges what is read at the same time. */
export function createStores({
  random,
  pause,
  ...table
}: Table & {
  /** In [0, 1): spreads repeated calls. */
  random: () => number;
  /** Resolves after that many ms. */
  pause: (ms: number) => Promise<unknown>;
}): Stores {
  const readItems = createItemReader({ ...table, random, pause });
  return {
    cells: createDynamoCellStore({ ...table, readItems }),
    registers: createDynamoRegisterStore({ ...table, readItems }),
    members: createDynamoMemberStore(table),
    sketches: createDynamoSketchStore({ ...table, readItems }),
    subscriptions: createDynamoSubscriptionStore(table),
    settings: createDynamoSettingsStore({ ...table, readItems }),
    watches: createDynamoWatchStore({ ...table, readItems }),
    apiKeys: createDynamoApiKeyStore(table),
    secret: createDynamoSecretStore(table),
    deployments: createDynamoDeploymentStore(table),
    allowances: createDynamoAllowanceStore({ ...table, readItems }),
    health: createDynamoHealth(readItems),
  };
}
