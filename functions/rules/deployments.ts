/**
 * What earlier deployments of this table promised, as far as a change of the configuration must not
 * break it: how long idempotency keys were kept, which counts had no bounds, and what each
 * counter was.
 */
import { type CounterShape, isSameShape } from './counter-changes.ts';
import { changedTokenLife, newTokenLife, type TokenLife } from './tokens.ts';

export interface DeploymentRecord {
  readonly tokenLife: TokenLife;
  /** By the name of a count: epoch ms since which it has bounds; null if it has none. */
  readonly boundedSinceMs: ReadonlyMap<string, number | null>;
  /** Every counter as it was last defined, also those that have left the configuration. */
  readonly shapes: ReadonlyMap<string, CounterShape>;
}

/** What of a configuration is recorded. */
export interface DeployedConfig {
  readonly tokenHours: number;
  /** By the name of a count: whether it has bounds. */
  readonly bounded: ReadonlyMap<string, boolean>;
  readonly shapes: ReadonlyMap<string, CounterShape>;
}

/**
 * The record under another configuration. Counts that have left it stay in the record, since they may
 * come back.
 *
 * @param record undefined if the table is new
 * @returns the very same record if nothing is new
 */
export function recordUnder(
  record: DeploymentRecord | undefined,
  { tokenHours, bounded, shapes }: DeployedConfig,
  nowMs: number,
): DeploymentRecord {
  const tokenLife = record
    ? changedTokenLife(record.tokenLife, tokenHours, nowMs)
    : newTokenLife(tokenHours);
  const changed = [...bounded].flatMap(([counter, isBounded]): [string, number | null][] => {
    const sinceMs = record?.boundedSinceMs.get(counter);
    // A new counter has nothing pending.
    if (sinceMs === undefined) return [[counter, isBounded ? 0 : null]];
    if (isBounded === (sinceMs !== null)) return [];
    return [[counter, isBounded ? nowMs : null]];
  });
  const reshaped = [...shapes].filter(
    ([counter, shape]) => !isSameShape(record?.shapes.get(counter), shape),
  );
  const isSame = record?.tokenLife === tokenLife && changed.length + reshaped.length === 0;
  if (record && isSame) return record;
  return {
    tokenLife,
    boundedSinceMs: new Map([...(record?.boundedSinceMs ?? []), ...changed]),
    shapes: new Map([...(record?.shapes ?? []), ...reshaped]),
  };
}
