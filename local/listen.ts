import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';

export interface Listening {
  readonly port: number;
  /** Takes no more connections. Resolves once those there are have ended. */
  close(): Promise<void>;
}

/** Addresses that stand for all addresses of the machine. */
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
/** What a machine without IPv6 answers. */
const noAddress: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/**
 * Has the server listen on one host; undefined is loopback, in IPv4 and IPv6: `localhost` means either,
 * and not every client tries both.
 *
 * @param port 0 takes any
 * @throws Error of Node's, if the port is taken or the host is not this machine's
 */
export async function listen(
  server: Server,
  { host, port }: { host: string | undefined; port: number },
): Promise<Listening> {
  server.listen(port, host ?? '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  const servers: NetServer[] = [server];
  if (host === undefined) servers.push(...(await openLoopback6(server, taken)));
  return {
    port: taken,
    async close() {
      await Promise.all(servers.map((it) => new Promise((resolve) => it.close(resolve))));
    },
  };
}

/** How addresses of the server name this machine. */
export function ownName(host: string | undefined): string {
  if (host === undefined || wildcards.has(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/** A server of Node's has one address, so another one takes the connections to `::1` and hands them over. */
async function openLoopback6(server: Server, port: number): Promise<NetServer[]> {
  const options = { allowHalfOpen: true, noDelay: true };
  const door = createServer(options, (socket) => server.emit('connection', socket));
  door.listen(port, '::1');
  try {
    await once(door, 'listening');
    return [door];
  } catch (error) {
    if (noAddress.has((error as NodeJS.ErrnoException).code ?? '')) return [];
    server.close();
    throw error;
  }
}
