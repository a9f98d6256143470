/** Adds up the units that DynamoDB reports for the calls of a client. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export interface Units {
  write: number;
  read: number;
  /** Calls to the database. */
  calls: number;
}

interface Consumed {
  readonly CapacityUnits?: number;
}

/**
 * AWS bills each item of a transaction twice, and each key of a batch even if it has no item. DynamoDB
 * Local reports both differently, so these follow AWS's rule.
 */
const unitsOfTransactedItem = 2;

const readingCommands: ReadonlySet<string> = new Set(['GetItemCommand', 'QueryCommand']);

/** Adds to `units` the cost of all later calls of the client. Assumes items below 1 KB. */
export function countUnits(client: DynamoDBDocumentClient, units: Units): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const input = args.input as {
        TransactItems?: readonly unknown[];
        RequestItems?: Readonly<
          Record<string, { Keys?: readonly unknown[]; ConsistentRead?: boolean }>
        >;
      };
      units.calls += 1;
      if (input.TransactItems) {
        units.write += unitsOfTransactedItem * input.TransactItems.length;
        return next(args);
      }
      for (const { Keys = [], ConsistentRead } of Object.values(input.RequestItems ?? {})) {
        units.read += Keys.length * (ConsistentRead ? 1 : 0.5);
      }
      if (input.RequestItems) return next(args);
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      const result = await next(args);
      const { ConsumedCapacity } = result.output as {
        ConsumedCapacity?: Consumed | readonly Consumed[];
      };
      const capacities = [ConsumedCapacity ?? []].flat() as readonly Consumed[];
      const sum = capacities.reduce((all, { CapacityUnits = 0 }) => all + CapacityUnits, 0);
      units[readingCommands.has(context.commandName ?? '') ? 'read' : 'write'] += sum;
      return result;
    },
    { step: 'initialize', name: 'countUnits' },
  );
}
