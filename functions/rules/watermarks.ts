/**
 * Exactly once out of at-least-once. The stream may deliver a batch again, whole or cut differently,
 * so each cell remembers, per stream shard, the last record it has folded, and an update is made
 * only on the condition that this has not moved.
 */
import type { FoldEntry } from './fold.ts';

/** Sequence numbers have at most 40 digits; padded, they compare as strings in DynamoDB, too. */
const sequenceDigits = 40;
const shardPattern = /^shardId-0*(\d+)-(.+)$/;

/**
 * How long after its creation a stream shard can still deliver: it takes records for about four
 * hours and keeps them for 24. The rest is margin.
 */
const shardLifetimeMs = 48 * 3_600_000;

/** A sequence number in the form watermarks are kept in. */
export const toWatermark = (sequence: string): string => sequence.padStart(sequenceDigits, '0');

/** The attribute of a cell that holds the watermark of a stream shard. */
export function watermarkName(streamShardId: string): string {
  const match = shardPattern.exec(streamShardId);
  return match ? `w${match[1]}-${match[2]}` : `w${streamShardId}`;
}

/** The entries that a cell with this watermark has not folded yet. */
export function unfolded(
  entries: readonly FoldEntry[],
  watermark: string | undefined,
): FoldEntry[] {
  return entries.filter(
    ({ sequence }) => watermark === undefined || toWatermark(sequence) > watermark,
  );
}

/**
 * The watermarks among these that nothing will ask for any more: a stream shard's id carries the
 * time of its creation.
 *
 * @param current the watermark in use now, which stays even if its shard is older than any in AWS
 */
export function staleWatermarks(
  names: readonly string[],
  { current, nowMs }: { current: string; nowMs: number },
): string[] {
  return names.filter((name) => {
    const createdAtMs = Number(/^w(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    return name !== current && nowMs - createdAtMs > shardLifetimeMs;
  });
}
