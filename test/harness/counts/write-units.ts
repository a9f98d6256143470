import type { RecordedRequest } from '../faults/fault-proxy.ts';

/**
 * Write units that requests cost on AWS when no item is larger than 1 KB: 1 for each item written,
 * twice that in a transaction, and the same if a condition fails. Counted from the requests, because
 * DynamoDB Local gets the capacity of transactions wrong.
 */
export function writeUnits(requests: readonly RecordedRequest[]): number {
  return requests.reduce((units, request) => units + unitsOf(request), 0);
}

function unitsOf({ operation, body }: RecordedRequest): number {
  switch (operation) {
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return 1;
    case 'TransactWriteItems':
      return 2 * (body.TransactItems as readonly unknown[]).length;
    default:
      return 0;
  }
}
