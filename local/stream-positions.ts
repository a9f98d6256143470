/**
 * How far the stream has been delivered, kept in a file beside the data.
 *
 * DynamoDB Local keeps a stream over a restart: same shard, numbers going on. But when it starts it
 * forgets records older than a day, and if none is left it numbers from 1 again, in the same shard.
 * Cells would take such records for old ones, since their watermarks are higher. AWS never does
 * that; so the pump passes each numbering off as a shard of its own.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import { createdAtSeconds } from './stream-event.ts';

/** The last record delivered of a shard. */
export interface Position {
  readonly sequence: string;
  /** Tells a record from another one that was given its number later. */
  readonly eventId: string;
  readonly atSeconds: number;
  /** How often the engine has begun to count anew. */
  readonly numbering: number;
}

export interface Positions {
  of(shardId: string): Position | undefined;
  /** Records come from one shard and in its order. */
  advance(shardId: string, records: readonly EngineRecord[]): void;
  save(): Promise<void>;
}

/** @param file nothing is kept without one: every start then reads the stream from its beginning */
export function openPositions(file: string | undefined): Positions {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const positions = new Map<string, Position>(
    file !== undefined && existsSync(file)
      ? Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Position>)
      : [],
  );

  function advance(shardId: string, records: readonly EngineRecord[]): void {
    const [first, last] = [records[0], records.at(-1)];
    if (first === undefined || last === undefined) return;
    positions.set(shardId, {
      sequence: sequenceOf(last),
      eventId: last.eventID ?? '',
      atSeconds: createdAtSeconds(last),
      numbering: numberingOf(first, positions.get(shardId)),
    });
  }

  /** Whole or not at all: flushed under another name first. */
  async function save(): Promise<void> {
    if (file === undefined) return;
    await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(positions)), { flush: true });
    await rename(`${file}.new`, file);
  }

  return { of: (shardId) => positions.get(shardId), advance, save };
}

/**
 * Which numbering a record is of, given the last one delivered before it. A number that does not go
 * up is either of a record made later, under a new numbering, or of one that is delivered again,
 * after the engine was killed and lost its last writes: those belong to the old numbering.
 */
export function numberingOf(record: EngineRecord, last: Position | undefined): number {
  if (last === undefined) return 0;
  const goesUp = BigInt(sequenceOf(record)) > BigInt(last.sequence);
  const isLater = createdAtSeconds(record) > last.atSeconds;
  return !goesUp && isLater ? last.numbering + 1 : last.numbering;
}

const sequenceOf = ({ dynamodb }: EngineRecord): string => dynamodb?.SequenceNumber ?? '0';
