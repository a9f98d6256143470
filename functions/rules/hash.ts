/**
 * A hash of 64 bits that is the same everywhere and for all time: FNV-1a, then the finalizer of
 * MurmurHash3, because the low bits of FNV alone are poor. Not for secrets.
 */
const mask = 2n ** 64n - 1n;
const times = (value: bigint, factor: bigint) => (value * factor) & mask;

export function hashOf(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = times(hash ^ BigInt(byte), 0x100000001b3n);
  hash = times(hash ^ (hash >> 33n), 0xff51afd7ed558ccdn);
  hash = times(hash ^ (hash >> 33n), 0xc4ceb9fe1a85ec53n);
  return hash ^ (hash >> 33n);
}
