import type { Calendar } from '../rules/calendar.ts';
import { limits } from '../rules/limits.ts';
import {
  type BoundedWindowKind,
  expiryJitter,
  firstShownWindow,
  windowExpiry,
  windowKindOf,
} from '../rules/windows.ts';
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
  return windowExpiry({ window, ...lifeOf({ counters }, { subject, counter }) });
}

/** The first window of a counter that is still shown: of those before it no number is known any more. */
export const firstKept = (
  config: Pick<TallyConfig, 'counters'>,
  { subject, counter, kind }: Omit<TotalName, 'window'> & { readonly kind: BoundedWindowKind },
  { nowMs, calendar }: { readonly nowMs: number; readonly calendar: Calendar },
): string => firstShownWindow(kind, nowMs, { ...lifeOf(config, { subject, counter }), calendar });

function lifeOf(
  { counters }: Pick<TallyConfig, 'counters'>,
  { subject, counter }: Omit<TotalName, 'window'>,
) {
  const definition = counters.get(counter);
  return {
    keepDays: definition && 'keepDays' in definition ? definition.keepDays : limits.keepDays,
    jitter: expiryJitter(`${subject}#${counter}`),
  };
}

/** Whether nothing of a total is shown any more: DynamoDB may have deleted any of its items. */
export function isTotalOver(
  config: Pick<TallyConfig, 'counters'>,
  name: TotalName,
  nowMs: number,
): boolean {
  return (totalExpiry(config, name) ?? Infinity) * 1000 <= nowMs;
}

/**
 * When the cells of a total expire. Registers whose changes other windows follow stay until every
 * token that they remember has expired, even if they are shown no longer.
 *
 * @returns epoch seconds; undefined for a total that stays
 */
export function cellExpiry(config: TallyConfig, name: TotalName): number | undefined {
  const shownUntil = totalExpiry(config, name);
  const end = windowExpiry({ window: name.window, keepDays: noDays, jitter: 0 });
  if (shownUntil === undefined || end === undefined) return undefined;
  const definition = config.counters.get(name.counter);
  const isFollowed =
    definition?.kind === 'count' &&
    definition.windows.length > 1 &&
    definition.windows[0] === windowKindOf(name.window);
  if (!isFollowed) return shownUntil;
  return Math.max(shownUntil, end + keepPagesMs(config.settings.tokenHours) / 1000);
}

/**
 * How long a register has to remember, in ms: a claim may be prolonged by a token's life at the end
 * of its own.
 */
export const keepPagesMs = (tokenHours: number): number =>
  2 * tokenHours * 3_600_000 + limits.registerGraceDays * 86_400_000;

const noDays = { day: 0, hour: 0, minute: 0 };
