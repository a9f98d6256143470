/**
 * The names under which the local server answers. A page of another site can have its own name resolve to
 * this machine (DNS rebinding), and is then of the same origin as the server, which it can call and read.
 * Its requests carry that name as their host. An address in its place is no risk: it resolves to nothing.
 */
import { isIP } from 'node:net';
import { Problem } from '../functions/http/problem.ts';
import { problem } from '../functions/http/responses.ts';

/** Whether a request with this `Host` header is for this server. */
export type IsOwnHost = (host: string | undefined) => boolean;

/** @param names further names, beside those of loopback, in lower case */
export function ownHosts(names: readonly string[] = []): IsOwnHost {
  const own = new Set(['localhost', ...names]);
  return (host) => {
    const name = nameOf(host ?? '');
    return own.has(name) || name.endsWith('.localhost') || isIP(name) !== 0;
  };
}

/** The name or address without its port. */
function nameOf(host: string): string {
  const [, address, name] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (address ?? name ?? '').toLowerCase().replace(/\.$/, '');
}

export const foreignHost = problem(
  new Problem(
    'unknown_host',
    'This server does not answer under the name in the Host header; TALLY_HOSTS adds names.',
  ),
);
