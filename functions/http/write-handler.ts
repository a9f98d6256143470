import { createDependencies } from '../runtime/dependencies.ts';
import { requireLive } from '../runtime/environment.ts';
import { createWriteFunction } from './write-function.ts';

const dependencies = createDependencies();

export const handler = createWriteFunction({
  ...dependencies,
  live: requireLive(dependencies.live),
});
