/** What is wrong with a request, and where. A request is answered with all its mistakes at once. */
import { limits } from '../rules/limits.ts';
import { Problem } from './problem.ts';
import type { ProblemCode } from './problems.ts';

/** Where a mistake is: in the body (RFC 6901, as a fragment), in the path or query, or in a header. */
export type Place =
  | { readonly pointer: string }
  | { readonly parameter: string }
  | { readonly header: string };

export interface Mistake {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly place: Place;
}

/** One mistake has its own code. Several are `invalid_request`, with each of them in `errors`. */
export function problemOfMistakes(mistakes: readonly Mistake[]): Problem {
  const [first, ...others] = mistakes;
  if (first && others.length === 0) {
    return new Problem(first.code, first.detail, { members: first.place });
  }
  const shown = mistakes.slice(0, limits.mistakes);
  const rest = mistakes.length - shown.length;
  const more = rest > 0 ? [`There are ${rest} more.`] : [];
  return new Problem('invalid_request', [...shown.map(({ detail }) => detail), ...more].join(' '), {
    members: { errors: shown.map(({ code, detail, place }) => ({ code, ...place, detail })) },
  });
}

/** @throws Problem if there is a mistake */
export function throwMistakes(mistakes: readonly Mistake[]): void {
  if (mistakes.length > 0) throw problemOfMistakes(mistakes);
}
