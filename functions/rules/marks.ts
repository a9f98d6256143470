/**
 * Exactly once out of at-least-once. The stream may deliver a batch again, whole or cut differently,
 * so each cell keeps a mark per stream shard: the last record that it has folded. A fold is made only
 * on the condition that its own mark has not moved; other stream shards do not disturb it.
 *
 * A cell that is folded all day holds some thirty marks for each four stream shards of the table, so
 * they are as small as can be: 13 bytes of name and about 10 of value.
 */
import type { FoldEntry } from './fold.ts';
import { hashOf } from './hash.ts';
import { limits } from './limits.ts';

const prefix = '-';
const shardPattern = /^shardId-(\d+)-/;
const hourMs = 3_600_000;

/** Bits of a mark's name: the hour of the stream shard's creation, then the identity. */
const bits = { hour: 21n, identity: 51n };
const nameBytes = Number((bits.hour + bits.identity) / 8n);

/** Between these, a number in a stream shard's id is taken for the epoch ms of its creation. */
const plausibleMs = { from: Date.UTC(2012, 0), to: Date.UTC(2200, 0) };

/**
 * The attribute that holds the mark of a stream shard: the hour of its creation, so that a mark tells
 * when it may go, and enough of a hash of the id to tell a thousand of one hour apart. AWS does not
 * promise that ids carry a time; an id that carries none gets hour 0, and its mark stays.
 */
export function markName(streamShardId: string): string {
  const identity = hashOf(streamShardId) >> (64n - bits.identity);
  const packed = (BigInt(creationHour(streamShardId)) << bits.identity) | identity;
  const bytes = Buffer.from(packed.toString(16).padStart(2 * nameBytes, '0'), 'hex');
  return `${prefix}${bytes.toString('base64url')}`;
}

export const isMarkName = (name: string): boolean =>
  name.startsWith(prefix) && name.length === prefix.length + (nameBytes * 4) / 3;

/**
 * A sequence number as a mark holds it: its shortest big-endian bytes behind a byte that says how
 * many they are. So marks compare as their numbers do, also in DynamoDB's conditions.
 */
export function toMark(sequence: string): Uint8Array {
  const hex = BigInt(sequence).toString(16);
  const bytes = hex === '0' ? '' : hex.padStart(hex.length + (hex.length % 2), '0');
  return Buffer.from(`${(bytes.length / 2).toString(16).padStart(2, '0')}${bytes}`, 'hex');
}

/** The entries that a cell with this mark has not folded yet. */
export const unfolded = (
  entries: readonly FoldEntry[],
  mark: Uint8Array | undefined,
): FoldEntry[] =>
  entries.filter(
    ({ sequence }) => mark === undefined || Buffer.compare(toMark(sequence), mark) > 0,
  );

/**
 * The marks that nothing will ask for any more: their stream shards can deliver nothing. A mark of
 * which nobody knows the age is not among them.
 *
 * @param current the mark in use now, which stays even if its stream shard is older than any in AWS
 */
export const staleMarks = (
  names: readonly string[],
  { current, nowMs }: { current: string; nowMs: number },
): string[] =>
  names.filter((name) => {
    const hour = hourOf(name);
    // The end of that hour, so that no mark goes before its time.
    return name !== current && hour > 0 && nowMs - (hour + 1) * hourMs > limits.keepMarksMs;
  });

/** The marks of stream shards that were created within so many hours, or nobody knows when. */
export const youngMarks = (
  names: readonly string[],
  { hours, nowMs }: { hours: number; nowMs: number },
): string[] =>
  names.filter((name) => {
    const hour = hourOf(name);
    return hour === 0 || Math.floor(nowMs / hourMs) - hour < hours;
  });

/** The marks of stream shards that were created after a moment, by the whole hour, or nobody knows when. */
export const marksBornAfter = (names: readonly string[], atMs: number): string[] =>
  names.filter((name) => {
    const hour = hourOf(name);
    return hour === 0 || hour * hourMs >= atMs;
  });

/** The hour since 1970 in which a mark's stream shard was created; 0 if the mark does not say. */
function hourOf(name: string): number {
  if (!isMarkName(name)) return 0;
  const packed = BigInt(`0x${Buffer.from(name.slice(prefix.length), 'base64url').toString('hex')}`);
  return Number(packed >> bits.identity);
}

function creationHour(streamShardId: string): number {
  const createdAtMs = Number(shardPattern.exec(streamShardId)?.[1] ?? 0);
  const isPlausible = createdAtMs >= plausibleMs.from && createdAtMs < plausibleMs.to;
  return isPlausible ? Math.floor(createdAtMs / hourMs) : 0;
}
