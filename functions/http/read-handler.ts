import { createDependencies } from '../runtime/dependencies.ts';
import { createReadFunction } from './read-function.ts';

export const handler = createReadFunction(createDependencies());
