/** Which route a request is for. */
import { methodsOf, type Route, routes } from './routes.ts';

export type RouteMatch =
  | {
      readonly found: 'route';
      readonly route: Route;
      readonly params: Record<string, string>;
      /** The methods that the path takes. */
      readonly allowed: readonly string[];
    }
  | { readonly found: 'other_methods'; readonly allowed: readonly string[] }
  | { readonly found: 'nothing' };

/**
 * Finds the route of a request. Only the most specific path counts, with its literals as far to the
 * left as can be: `GET /v1/batch` is a wrong method, not a subject called `batch`.
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const segments = path.split('/').slice(1);
  const [best] = [...byPath]
    .flatMap(([pattern, ofPath]) => {
      const params = matchPath(pattern, segments);
      return params ? [{ pattern, ofPath, params }] : [];
    })
    .toSorted((one, other) => (isMoreSpecific(one.pattern, other.pattern) ? -1 : 1));
  if (!best) return { found: 'nothing' };
  const allowed = best.ofPath.flatMap((route) => methodsOf(route));
  const route = best.ofPath.find((it) => methodsOf(it).some((own) => own === method));
  if (!route) return { found: 'other_methods', allowed };
  return { found: 'route', route, params: { ...best.params, ...route.fixed }, allowed };
}

const byPath: ReadonlyMap<string, readonly Route[]> = Map.groupBy(routes, ({ path }) => path);

/** Whether a pattern is the first to have a literal where the other one has a parameter. */
function isMoreSpecific(pattern: string, other: string): boolean {
  const otherParts = other.split('/');
  const isLiteral = (part = '') => !part.startsWith('{');
  const part = pattern
    .split('/')
    .find((it, index) => isLiteral(it) !== isLiteral(otherParts[index]));
  return part !== undefined && isLiteral(part);
}

function matchPath(pattern: string, segments: readonly string[]): Record<string, string> | null {
  const parts = pattern.split('/').slice(1);
  if (parts.length !== segments.length) return null;
  const params: Record<string, string> = Object.create(null);
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    // `/v1/` is a path that ends too early, not a subject without a name.
    if (segment === '' && part === '{subject}' && index === parts.length - 1) return null;
    if (part.startsWith('{')) params[part.slice(1, -1)] = decodeSegment(segment);
    else if (part !== segment) return null;
  }
  return params;
}

/** A segment that is not valid percent-encoding stays as it came: no name has a `%`. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
