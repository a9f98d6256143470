/**
 * Which web origins may write. CORS alone does not say: it keeps a foreign page from reading an answer
 * and from sending what takes a preflight. A plain `fetch` with `no-cors`, a form or `sendBeacon`
 * takes none, so the change would be counted all the same.
 */

/** What a browser says of the page that sends a request. Pages cannot set these headers themselves. */
export interface RequestOrigin {
  /** The `Origin` header; undefined from clients that are not browsers. */
  readonly origin: string | undefined;
  /** The `Sec-Fetch-Site` header. */
  readonly fetchSite: string | undefined;
}

export type OriginRule = (from: RequestOrigin) => boolean;

/**
 * @param allowed origins as browsers send them; `https://*.example.com` for all subdomains, `*` for all
 * @returns whether a request may write
 */
export function createOriginRule(allowed: readonly string[]): OriginRule {
  if (allowed.includes('*')) return () => true;
  const patterns = allowed.map(patternOf);
  return ({ origin, fetchSite }) => {
    // A page of this very server, or an address that a person typed.
    if (fetchSite === 'same-origin' || fetchSite === 'none') return true;
    if (origin !== undefined) return patterns.some((pattern) => pattern.test(origin));
    return fetchSite === undefined;
  };
}

/** A `*` stands for one label of the host name. */
function patternOf(origin: string): RegExp {
  const escaped = origin.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '[^.:/]*')}$`, 'i');
}
