/** The updates of a register, as parts of an UpdateItem. Each clause of a condition has a name. */
import type { AllowedBefore } from '../rules/bounds.ts';
import { barringEntry, packEntry, type Turn } from '../rules/register.ts';
import type { EntryKey, RegisterChange } from '../store/register-store.ts';
import { cellWriters, cellAttributes as names } from './attributes.ts';
import { expiryClause } from './expiry-clause.ts';
import { entryName } from './item-keys.ts';

const { count, cutOffMs: cutOffName } = names;

/** Counts a change under its entry. */
export function enterUpdate(entry: EntryKey, change: RegisterChange) {
  const { number, got, resetAway, setsBefore, otherWindows, expiresAt } = change;
  const isTo = 'to' in number;
  const before = `if_not_exists(${count}, :startsAt)`;
  const gotNow = got === 'number' ? (isTo ? number.to : number.add) : BigInt(got);
  const sets = [
    `${count} = ${isTo ? ':number' : `${before} + :add`}`,
    `#entry = ${got === 'number' && !isTo ? `${before} + :entry` : ':entry'}`,
    `${names.updatedAtMs} = :now`,
    ...(change.isCell ? [`${names.writer} = :writer`] : []),
    ...(otherWindows.length > 0 ? [setOtherWindows] : []),
  ];
  const adds = [
    ...(change.isCell ? [`${names.version} :one`] : []),
    ...(change.isDirect ? [`${names.direct} :add`] : []),
    ...(resetAway === undefined ? [] : [`${names.resetAway} :resetAway`, `${names.sets} :one`]),
  ];
  const conditions = [
    ...mayEnter,
    ...withinAllowed(change.allowed, change.allowsAbsent),
    ...(change.onlyCell ? [isOnlyCell] : []),
    ...notSetSince(setsBefore),
  ];
  return {
    UpdateExpression: [
      `SET ${sets.join(', ')}${expiryClause(expiresAt)}`,
      ...(adds.length > 0 ? [`ADD ${adds.join(', ')}`] : []),
      ...(change.isDirect && otherWindows.length === 0 ? [removeOtherWindows] : []),
    ].join(' '),
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: { '#entry': entryName(entry) },
    ExpressionAttributeValues: {
      ...(isTo ? { ':number': number.to } : { ':add': number.add, ':startsAt': number.startsAt }),
      ':entry': packEntry({ claimedAtMs: entry.claimedAtMs, got: 0 }) + gotNow,
      ':claimedAt': entry.claimedAtMs,
      ':now': change.nowMs,
      ':one': change.isCell ? 1 : undefined,
      ':writer': change.isCell ? cellWriters.direct : undefined,
      ':windows': otherWindows.length > 0 ? otherWindows : undefined,
      ':x': expiresAt,
      ':atLeast': change.allowed.atLeast,
      ':atMost': change.allowed.atMost,
      ':resetAway': resetAway,
      ':setsBefore': setsBefore || undefined,
    },
  };
}

/** The value is `:windows`. */
export const setOtherWindows = `${names.otherWindows} = :windows`;

/** A counter that has lost its other windows must not be followed by them any more. */
export const removeOtherWindows = `REMOVE ${names.otherWindows}`;

/** Puts an entry that counts nothing in the place of the one that would count. */
export const barUpdate = (entry: EntryKey, expiresAt: number | undefined) => ({
  UpdateExpression: `SET #entry = :entry${expiryClause(expiresAt)}`,
  ConditionExpression: mayEnter.join(' AND '),
  ExpressionAttributeNames: { '#entry': entryName(entry) },
  ExpressionAttributeValues: {
    ':entry': packEntry(barringEntry(entry.claimedAtMs)),
    ':claimedAt': entry.claimedAtMs,
    ':x': expiresAt,
  },
});

export function cutUpdate({ cutOffMs, nextCutOffMs, leaving }: Turn) {
  const aliases = leaving.map((name, index) => [`#e${index}`, name] as const);
  const remove = aliases.map(([alias]) => alias).join(', ');
  const isFirst = cutOffMs === 0;
  return {
    UpdateExpression: `SET ${cutOffName} = :next${remove === '' ? '' : ` REMOVE ${remove}`}`,
    ConditionExpression: isFirst
      ? `attribute_not_exists(${cutOffName})`
      : `${cutOffName} = :cutOff`,
    ExpressionAttributeValues: { ':next': nextCutOffMs, ':cutOff': isFirst ? undefined : cutOffMs },
    ...(remove === '' ? {} : { ExpressionAttributeNames: Object.fromEntries(aliases) }),
  };
}

const notEntered = 'attribute_not_exists(#entry)';
const notLate = `(attribute_not_exists(${cutOffName}) OR ${cutOffName} <= :claimedAt)`;
const mayEnter = [notEntered, notLate];

/** One of several cells does not know the sum of all. */
export const isOnlyCell = `attribute_not_exists(${names.shardCount})`;

/** The values are `:atLeast` and `:atMost`. */
export function withinAllowed(allowed: AllowedBefore, allowsAbsent: boolean): string[] {
  const bounds = [
    ...(allowed.atLeast === undefined ? [] : [`${count} >= :atLeast`]),
    ...(allowed.atMost === undefined ? [] : [`${count} <= :atMost`]),
  ];
  if (bounds.length === 0) return [];
  const present = bounds.join(' AND ');
  return [allowsAbsent ? `(attribute_not_exists(${count}) OR (${present}))` : `(${present})`];
}

/** Not by what sets have subtracted: two of them may add up to nothing. */
function notSetSince(setsBefore: number | undefined): string[] {
  if (setsBefore === undefined) return [];
  if (setsBefore === 0) return [`attribute_not_exists(${names.sets})`];
  return [`${names.sets} = :setsBefore`];
}
