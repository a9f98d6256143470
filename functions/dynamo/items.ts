/** Items as the table holds them, and what they mean. */
import { type EarlierCalendar, isTimeOfDay, isTimeZone } from '../rules/calendar.ts';
import type { Cell } from '../store/cell-store.ts';
import type { SubjectSettings } from '../store/settings-store.ts';
import { attributePrefixes, cellAttributes, settingsAttributes } from './attributes.ts';
import { type Item, malformedItem } from './item.ts';

const { part: partPrefix } = attributePrefixes.cell;

export function parseCell(item: Item): Cell {
  const updatedAtMs = item[cellAttributes.updatedAtMs];
  const expiresAt = item[cellAttributes.expiresAt];
  return {
    count: integer(item[cellAttributes.count]) ?? 0n,
    parts: parseParts(item),
    resetAway: integer(item[cellAttributes.resetAway]) ?? 0n,
    sets: Number(item[cellAttributes.sets] ?? 0),
    version: Number(item[cellAttributes.version] ?? 0),
    updatedAtMs: updatedAtMs === undefined ? null : Number(updatedAtMs),
    shardCount: Number(item[cellAttributes.shardCount] ?? 1),
    expiresAt: expiresAt === undefined ? undefined : Number(expiresAt),
  };
}

/** The attribute of a cell that counts one part of it. */
export const partAttribute = (part: string): string => `${partPrefix}${part}`;

export const partOfAttribute = (name: string): string | undefined =>
  name.startsWith(partPrefix) ? name.slice(partPrefix.length) : undefined;

function parseParts(item: Item): ReadonlyMap<string, bigint> {
  const parts = Object.entries(item).map(
    ([name, value]) => [partOfAttribute(name), integer(value)] as const,
  );
  return new Map(
    parts.filter((it): it is [string, bigint] => it[0] !== undefined && it[1] !== undefined),
  );
}

/** @throws if the item does not hold what Tally writes: with other days, counts would go astray */
export function parseSettings(item: Item): SubjectSettings {
  const { [settingsAttributes.timeZone]: timeZone, [settingsAttributes.dayStart]: dayStart } = item;
  const isRight =
    (timeZone === undefined || (typeof timeZone === 'string' && isTimeZone(timeZone))) &&
    (dayStart === undefined || (typeof dayStart === 'string' && isTimeOfDay(dayStart)));
  if (!isRight) throw malformedItem(item);
  const { [settingsAttributes.earlier]: earlier } = item;
  return { timeZone, dayStart, ...(Array.isArray(earlier) && { earlier: parseEarlier(earlier) }) };
}

export const earlierTexts = (earlier: readonly EarlierCalendar[]): string[] =>
  earlier.map(({ untilMs, timeZone, dayStart }) => `${untilMs} ${timeZone} ${dayStart}`);

/** Without those that are not what Tally writes: they only say where else to look for old hours. */
const parseEarlier = (texts: readonly unknown[]): EarlierCalendar[] =>
  texts
    .map((text) => String(text).split(' '))
    .map(([untilMs, timeZone = '', dayStart = '']) => ({
      untilMs: Number(untilMs),
      timeZone,
      dayStart,
    }))
    .filter(
      ({ untilMs, timeZone, dayStart }) =>
        Number.isSafeInteger(untilMs) && isTimeZone(timeZone) && isTimeOfDay(dayStart),
    );

export function integer(value: unknown): bigint | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : undefined;
}
