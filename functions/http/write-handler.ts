import { createDependencies } from '../runtime/dependencies.ts';
import { requireLive } from '../runtime/environment.ts';
import { createHttpHandler } from './http-handler.ts';
import { createWriteOperations } from './write-operations.ts';

const dependencies = createDependencies();

export const handler = createHttpHandler(
  createWriteOperations(dependencies.context, requireLive(dependencies.live)),
  dependencies,
);
