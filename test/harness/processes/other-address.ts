import { networkInterfaces } from 'node:os';

/**
 * An address of this machine that a server on 127.0.0.1 does not listen on, and one on all addresses does:
 * that of a network, or another one of loopback, of which Linux has 16 million.
 */
export function otherAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outer = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outer?.address ?? '127.0.0.2';
}
