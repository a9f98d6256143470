/**
 * How far the stream has been delivered, kept in a file beside the data. It only saves work: without
 * it, or with an older one, records are delivered again, which changes nothing.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import * as v from 'valibot';

const positionsSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.record(v.string(), v.object({ sequence: v.pipe(v.string(), v.digits()), eventId: v.string() })),
);

/** The last record delivered of a shard. */
export interface Position {
  readonly sequence: string;
  /** Tells a record from another one that was given its number later. */
  readonly eventId: string;
}

export interface Positions {
  of(shardId: string): Position | undefined;
  /** Records come from one shard and in its order. */
  advance(shardId: string, records: readonly EngineRecord[]): void;
  save(): Promise<void>;
}

/**
 * @param file nothing is kept without one: every start then reads the stream from its beginning
 * @throws Error for people, naming a file that is broken
 */
export function openPositions(file: string | undefined): Positions {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const positions = new Map(
    file !== undefined && existsSync(file) ? Object.entries(readPositions(file)) : [],
  );

  function advance(shardId: string, records: readonly EngineRecord[]): void {
    const last = records.at(-1);
    if (last === undefined) return;
    positions.set(shardId, {
      sequence: last.dynamodb?.SequenceNumber ?? '0',
      eventId: last.eventID ?? '',
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

function readPositions(file: string): Readonly<Record<string, Position>> {
  const result = v.safeParse(positionsSchema, readFileSync(file, 'utf8'));
  if (result.success) return result.output;
  throw new Error(
    `The file ${file} is broken. Delete it: the stream is then read again, and nothing counts twice.`,
  );
}
