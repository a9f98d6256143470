import { createDependencies } from '../runtime/dependencies.ts';
import { readOriginSecrets } from '../runtime/environment.ts';
import { behindEdge } from './behind-edge.ts';
import { createReadFunction } from './read-function.ts';

export const handler = behindEdge(
  createReadFunction(createDependencies()),
  readOriginSecrets(process.env),
);
