/**
 * How far the stream has been delivered, kept in a file beside the data. It only saves work: without the
 * file, or with an older one, records are delivered again, which changes nothing.
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

/** The last record of a shard that was delivered. */
export interface Position {
  readonly sequence: string;
  /** Tells the record from a later one with the same number. */
  readonly eventId: string;
}

export interface Positions {
  of(shardId: string): Position | undefined;
  /** Takes the records of one shard in its order. */
  advance(shardId: string, records: readonly EngineRecord[]): void;
  save(): Promise<void>;
}

/**
 * @param file undefined keeps nothing: each start then reads the stream from its beginning
 * @throws Error for people, naming the file, if that is broken
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

  /** Written under another name first, so that it is there whole or not at all. */
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
