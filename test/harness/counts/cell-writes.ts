import type { RecordedRequest } from '../faults/fault-proxy.ts';

export interface CellWrite {
  readonly pk: string;
  readonly shard: number;
}

interface Keyed {
  readonly Key?: { readonly pk: { readonly S: string } };
}

/** The writes to cells among some requests, alone or in a transaction, in the order they were sent. */
export function cellWrites(requests: readonly RecordedRequest[]): CellWrite[] {
  return requests.flatMap(({ operation, body }) => {
    const updates =
      operation === 'TransactWriteItems'
        ? (body.TransactItems as { Update?: Keyed }[]).map(({ Update }) => Update)
        : [operation === 'UpdateItem' && 'ADD' === firstWord(body) ? (body as Keyed) : undefined];
    return updates.flatMap((update) => {
      const pk = update?.Key?.pk.S;
      return pk === undefined ? [] : [{ pk, shard: Number(pk.split('#').at(-1)) }];
    });
  });
}

/** Growth and watch marks also update a cell; only updates that add are counted here. */
const firstWord = (body: { readonly UpdateExpression?: unknown }): string | undefined =>
  String(body.UpdateExpression).split(' ')[0];
