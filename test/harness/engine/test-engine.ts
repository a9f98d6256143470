import { type Engine, type EngineOptions, startEngine } from '../../../local/engine.ts';
import type { EngineAccess } from '../../../local/engine-access.ts';

/** With it every test, and the processes that it starts, see the same database of an engine. */
export const engineAccess: EngineAccess = {
  region: 'local',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

/** The file in the data folder that holds the database of this access. */
export const databaseFile = 'local_local.db';

export const startTestEngine = (options: Omit<EngineOptions, 'access'>): Promise<Engine> =>
  startEngine({ ...options, access: engineAccess });
