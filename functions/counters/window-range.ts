import { limits } from '../rules/limits.ts';
import {
  type BoundedWindowKind,
  windowKeyAt,
  windowKeysBetween,
  windowKindOf,
} from '../rules/windows.ts';
import { type Refusal, refuse } from './refusals.ts';

export interface WindowRange {
  readonly window: BoundedWindowKind;
  /** A window key of that kind; or a day, for all its hours or minutes. */
  readonly from: string;
  readonly to: string;
}

export interface WindowKeys {
  readonly ok: true;
  /** Oldest first. */
  readonly keys: readonly string[];
}

/** The keys of the windows of a range, or why it is not a range. */
export function windowRange(
  { window: kind, from, to }: WindowRange,
  most: number = limits.historyRows,
): WindowKeys | Refusal {
  const first = edgeOf(from, kind, 'first');
  const last = edgeOf(to, kind, 'last');
  if (first === undefined || last === undefined) {
    const wrong = first === undefined ? from : to;
    return refuse('invalid_range', `"${wrong}" is not a window such as ${exampleOf(kind)}.`);
  }
  if (first > last) return refuse('invalid_range', `${from} is after ${to}.`);
  const keys = windowKeysBetween({ from: first, to: last }, most);
  if (keys) return { ok: true, keys };
  return refuse('range_too_large', `${from} to ${to} is more than ${most} windows.`);
}

/** A window key; a day stands for its first or its last window. */
function edgeOf(text: string, kind: BoundedWindowKind, edge: 'first' | 'last'): string | undefined {
  const given = windowKindOf(text);
  if (given === kind) return text;
  if (given !== 'day') return undefined;
  const wholeDay = { hour: ['T00', 'T23'], minute: ['T00:00', 'T23:59'], day: ['', ''] } as const;
  return `${text}${wholeDay[kind][edge === 'first' ? 0 : 1]}`;
}

function exampleOf(kind: BoundedWindowKind): string {
  return windowKeyAt(kind, Date.UTC(2026, 10, 21, 9, 30));
}
