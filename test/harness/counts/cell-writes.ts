import type { RecordedRequest } from '../faults/fault-proxy.ts';
import { isDirectChange } from './crowded-cells.ts';

export interface CellWrite {
  readonly pk: string;
  readonly shard: number;
}

/** The changes of cells among some requests, in the order they were sent. */
export const cellWrites = (requests: readonly RecordedRequest[]): CellWrite[] =>
  requests.flatMap(({ operation, body }) => {
    if (operation !== 'UpdateItem' || !isDirectChange(body)) return [];
    const { pk } = (body as unknown as { Key: { pk: { S: string } } }).Key;
    return [{ pk: pk.S, shard: Number(pk.S.split('#').at(-1)) }];
  });
