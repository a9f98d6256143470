/**
 * What a change of a counter's definition does to the numbers that are stored. Nothing is ever
 * deleted by it, but some changes hide numbers, and some make writes be refused.
 */
import { limits } from './limits.ts';

/** What of a definition decides which items hold its numbers. */
export interface CounterShape {
  readonly kind: string;
  readonly windows?: readonly string[];
  readonly choices?: readonly string[];
  readonly bounds?: { readonly min?: number | undefined; readonly max?: number | undefined };
}

export interface CounterChange {
  readonly counter: string;
  /** What becomes of numbers or writes, as a sentence. */
  readonly consequence: string;
}

export const isSameShape = (one: CounterShape | undefined, other: CounterShape): boolean =>
  one !== undefined &&
  one.kind === other.kind &&
  isSameList(one.windows, other.windows) &&
  isSameList(one.choices, other.choices) &&
  one.bounds?.min === other.bounds?.min &&
  one.bounds?.max === other.bounds?.max;

const isSameList = (one: readonly string[] = [], other: readonly string[] = []): boolean =>
  one.length === other.length && one.every((it, index) => it === other[index]);

type Shapes = ReadonlyMap<string, CounterShape>;

/**
 * @param before the shapes that the table was used with
 * @param after those of a configuration
 * @returns the changes that hide numbers or refuse writes
 */
export const changesThatHide = (before: Shapes, after: Shapes): CounterChange[] =>
  [...before].flatMap(([counter, shape]) =>
    consequencesOf(shape, after.get(counter)).map((consequence) => ({ counter, consequence })),
  );

function consequencesOf(before: CounterShape, after: CounterShape | undefined): string[] {
  if (!after) return ['has left the configuration: its numbers are hidden until it comes back.'];
  if (before.kind !== after.kind) {
    return [
      `was a ${before.kind} and is a ${after.kind}: it begins anew, and its numbers are hidden until it is a ${before.kind} again. Give the new counter another name.`,
    ];
  }
  return [
    ...lost('window', before.windows, after.windows),
    ...lost('choice', before.choices, after.choices),
    ...firstWindow(before.windows, after.windows),
    ...newBounds(before.bounds, after.bounds),
  ];
}

function lost(what: string, before: readonly string[] = [], after: readonly string[] = []) {
  return before
    .filter((it) => !after.includes(it))
    .map((it) => `has lost the ${what} ${it}: its numbers are hidden until it comes back.`);
}

function firstWindow([before]: readonly string[] = [], [after]: readonly string[] = []): string[] {
  if (before === after || before === undefined || after === undefined) return [];
  return [
    `shows ${after} instead of ${before}: a read that names no window answers another count.`,
  ];
}

function newBounds(before: CounterShape['bounds'], after: CounterShape['bounds']): string[] {
  if (before || !after) return [];
  return [
    `has bounds now: changes are refused for ${limits.boundsSettleSeconds / 60} minutes, and always where a count has grown to several cells.`,
  ];
}
