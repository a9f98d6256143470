import type { HttpRequest } from './http-request.ts';
import type { HttpResponse } from './responses.ts';
import { type FunctionName, type OperationOf, routes } from './routes.ts';

/** Answers the requests to its routes. */
export type Operation = (request: HttpRequest) => Promise<HttpResponse>;
export type Operations<F extends FunctionName> = Readonly<Record<OperationOf<F>, Operation>>;

/**
 * The operations that a function serves, out of whole groups. An operation that is missing does not
 * compile; one that another function serves is left out, and cannot be reached here by a wrong path.
 */
export function operationsOf<F extends FunctionName>(
  name: F,
  all: Operations<F>,
): ReadonlyMap<string, Operation> {
  const served = new Set<string>(
    routes.filter(({ servedBy }) => servedBy === name).map(({ operation }) => operation),
  );
  return new Map(Object.entries<Operation>(all).filter(([operation]) => served.has(operation)));
}
