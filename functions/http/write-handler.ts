import { createDependencies } from '../runtime/dependencies.ts';
import { readOriginSecrets, requireLive } from '../runtime/environment.ts';
import { behindEdge } from './behind-edge.ts';
import { createWriteFunction } from './write-function.ts';

const dependencies = createDependencies();

export const handler = behindEdge(
  createWriteFunction({ ...dependencies, live: requireLive(dependencies.live) }),
  readOriginSecrets(process.env),
);
