import { randomUUID } from 'node:crypto';

/** A UUIDv7 (RFC 9562) as a client with that clock would make it. */
export function uuidV7(madeAtMs: number): string {
  const time = madeAtMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
