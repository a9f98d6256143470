import type { RecordedRequest } from '../faults/fault-proxy.ts';

/**
 * Write units that requests cost when no item is larger than 1 KB: 1 for each item written, and the
 * same if a condition fails.
 */
export function writeUnits(requests: readonly RecordedRequest[]): number {
  return requests.reduce((units, request) => units + unitsOf(request), 0);
}

function unitsOf({ operation }: RecordedRequest): number {
  switch (operation) {
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return 1;
    default:
      return 0;
  }
}
