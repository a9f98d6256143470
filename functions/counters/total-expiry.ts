import { limits } from '../rules/limits.ts';
import { expiryJitter, windowExpiry } from '../rules/windows.ts';
import type { TallyConfig } from './define-counters.ts';

/** Names a total, or a sketch: all its items expire together. */
export interface TotalName {
  readonly subject: string;
  readonly counter: string;
  readonly window: string;
}

/**
 * When the items of a total expire. All that write or read them ask here, so that they agree.
 * A counter that has left the configuration keeps its windows as long as usual.
 *
 * @returns epoch seconds; undefined for a total that stays
 */
export function totalExpiry(
  { counters }: Pick<TallyConfig, 'counters'>,
  { subject, counter, window }: TotalName,
): number | undefined {
  const definition = counters.get(counter);
  return windowExpiry({
    window,
    keepDays: definition && 'keepDays' in definition ? definition.keepDays : limits.keepDays,
    jitter: expiryJitter(`${subject}#${counter}#${window}`),
  });
}

/** Whether nothing of a total is shown any more: DynamoDB may have deleted any of its items. */
export function isTotalOver(
  config: Pick<TallyConfig, 'counters'>,
  name: TotalName,
  nowMs: number,
): boolean {
  return (totalExpiry(config, name) ?? Infinity) * 1000 <= nowMs;
}
