/**
 * Presence: a viewer is here if it was heard of not long ago. Time is cut into buckets of one
 * heartbeat; a viewer counts in the bucket of its last beat, and the viewers of now are those in the
 * buckets that are not away yet. So nobody has to sweep: old buckets are simply not added up.
 */
import { limits } from './limits.ts';

export interface Pulse {
  readonly heartbeatSeconds: number;
  readonly awayAfterSeconds: number;
}

const keyPattern = /^@(\d{1,12})$/;

/** The key of the bucket that a moment (epoch ms) falls into: `@` and its start in epoch seconds. */
export function bucketKeyAt(atMs: number, { heartbeatSeconds }: Pulse): string {
  return `@${Math.floor(atMs / 1000 / heartbeatSeconds) * heartbeatSeconds}`;
}

/** When a bucket starts, in epoch seconds; undefined if this is no bucket's key. */
export function bucketStart(key: string): number | undefined {
  const start = keyPattern.exec(key)?.[1];
  return start === undefined ? undefined : Number(start);
}

/**
 * The buckets whose viewers are here at a moment: those that end later than `awayAfterSeconds` ago.
 * A viewer that falls silent is gone at the earliest after that time, at the latest a heartbeat later.
 */
export function presentBuckets(atMs: number, pulse: Pulse): string[] {
  const { heartbeatSeconds, awayAfterSeconds } = pulse;
  const count = Math.ceil(awayAfterSeconds / heartbeatSeconds) + 1;
  const keys = Array.from({ length: count }, (_, ago) =>
    bucketKeyAt(atMs - ago * heartbeatSeconds * 1000, pulse),
  );
  const awaySinceMs = atMs - awayAfterSeconds * 1000;
  return keys.filter((key) => ((bucketStart(key) ?? 0) + heartbeatSeconds) * 1000 > awaySinceMs);
}

/** Whether the viewers of a bucket are here at a moment. */
export const isBucketPresent = (key: string, atMs: number, pulse: Pulse): boolean =>
  presentBuckets(atMs, pulse).includes(key);

/** Whether a bucket is away for everybody, also where clocks differ: its number will not be asked for. */
export function isBucketOver(key: string, atMs: number, pulse: Pulse): boolean {
  const { heartbeatSeconds, awayAfterSeconds } = pulse;
  const endsAt = (bucketStart(key) ?? 0) + heartbeatSeconds;
  return (endsAt + awayAfterSeconds + limits.bucketGraceSeconds) * 1000 < atMs;
}

/** When the heartbeat of a viewer in this bucket may be forgotten: epoch seconds. */
export const beatExpiry = (key: string): number => (bucketStart(key) ?? 0) + limits.keepBeatSeconds;

/**
 * When viewers that had fallen silent went away the last time, if there were any: epoch ms. A count of
 * viewers falls at these moments without anything being written; not any more when those who came
 * last, at `changedAtMs`, must be away.
 */
export function lastAwayAt(
  atMs: number,
  changedAtMs: number,
  { heartbeatSeconds, awayAfterSeconds }: Pulse,
): number {
  const awayMs = awayAfterSeconds * 1000;
  const heartbeatMs = heartbeatSeconds * 1000;
  const lastMs = Math.floor((atMs - awayMs) / heartbeatMs) * heartbeatMs + awayMs;
  const allAwayMs = (Math.floor(changedAtMs / heartbeatMs) + 1) * heartbeatMs + awayMs;
  return Math.min(lastMs, allAwayMs);
}

/**
 * When a client should beat next, in seconds: a little before the heartbeat is over, and not all
 * clients at once. `random` is in [0, 1).
 */
export const nextBeatSeconds = ({ heartbeatSeconds }: Pulse, random: number): number =>
  Math.round(heartbeatSeconds * (0.8 + 0.2 * random) * 100) / 100;
