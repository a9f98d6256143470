import { createDependencies } from '../runtime/dependencies.ts';
import { createHttpHandler } from './http-handler.ts';
import { createReadOperations } from './read-operations.ts';

const dependencies = createDependencies();

export const handler = createHttpHandler(createReadOperations(dependencies.context), dependencies);
