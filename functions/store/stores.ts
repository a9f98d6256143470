import type { AllowanceStore } from './allowance-store.ts';
import type { ApiKeyStore } from './api-key-store.ts';
import type { CellStore } from './cell-store.ts';
import type { DeploymentStore } from './deployment-store.ts';
import type { Health } from './health.ts';
import type { MemberStore } from './member-store.ts';
import type { RegisterStore } from './register-store.ts';
import type { SecretStore } from './secret-store.ts';
import type { SettingsStore } from './settings-store.ts';
import type { SketchStore } from './sketch-store.ts';
import type { SubscriptionStore } from './subscription-store.ts';
import type { WatchStore } from './watch-store.ts';

/** All stores of the table but fold-store.ts, which is for the stream function alone. */
export interface Stores {
  readonly cells: CellStore;
  readonly registers: RegisterStore;
  readonly members: MemberStore;
  readonly sketches: SketchStore;
  readonly subscriptions: SubscriptionStore;
  readonly settings: SettingsStore;
  readonly watches: WatchStore;
  readonly apiKeys: ApiKeyStore;
  readonly secret: SecretStore;
  readonly deployments: DeploymentStore;
  readonly allowances: AllowanceStore;
  readonly health: Health;
}
