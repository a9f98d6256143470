/** Cells that are over their rate, for the fault proxy. */
import { cellAttributes } from '../../../functions/dynamo/attributes.ts';
import type { FaultProxy } from '../faults/fault-proxy.ts';
import type { Injection } from '../faults/fault-rules.ts';

const { direct, resetAway, shardCount } = cellAttributes;

/** Whether a call changes a cell directly: with or without an idempotency key. */
export const isDirectChange = ({ UpdateExpression = '' }: { UpdateExpression?: string }): boolean =>
  UpdateExpression.includes(` ${direct} :`);

/** Whether a call makes a total spread over more cells. */
export const isGrowth = ({ UpdateExpression = '' }: { UpdateExpression?: string }): boolean =>
  UpdateExpression.startsWith(`SET ${shardCount} = `);

/** Whether a call sets or resets a count. */
export const isSet = ({ UpdateExpression = '' }: { UpdateExpression?: string }): boolean =>
  UpdateExpression.includes(` ${resetAway} :`);

/** Throttles direct changes of cells: all, or so many. */
export const crowdCells = (proxy: FaultProxy, times?: number): Injection =>
  proxy.inject({
    effect: 'throttle',
    operation: 'UpdateItem',
    where: isDirectChange,
    ...(times === undefined ? {} : { times }),
  });
