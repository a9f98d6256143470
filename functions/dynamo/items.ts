/** Items as the table holds them, and what they mean. Attribute names are billed by the byte. */
import type { Cell, SeenToken, SubjectSettings, Token } from '../store/counter-store.ts';
import { settingsItemKey, tokenItemKey } from './item-keys.ts';

type Item = Readonly<Record<string, unknown>>;

export function parseCell(item: Item): Cell {
  return {
    count: integer(item.n) ?? 0n,
    parts: parseParts(item),
    resetAway: integer(item.z) ?? 0n,
    updatedAtMs: item.t === undefined ? null : Number(item.t),
    shardCount: Number(item.s ?? 1),
    watchedUntilMs: Number(item.l ?? 0),
    expiresAt: item.x === undefined ? undefined : Number(item.x),
  };
}

/** The attribute of a cell that a part of it is counted in. */
export const partAttribute = (part: string): string => `.${part}`;

export const partOfAttribute = (name: string): string | undefined =>
  name.startsWith('.') ? name.slice(1) : undefined;

function parseParts(item: Item): ReadonlyMap<string, bigint> {
  const parts = Object.entries(item).map(
    ([name, value]) => [partOfAttribute(name), integer(value)] as const,
  );
  return new Map(
    parts.filter((it): it is [string, bigint] => it[0] !== undefined && it[1] !== undefined),
  );
}

/**
 * @param applied the shown window is changed in the same transaction, so the fold must not do it
 */
export function tokenItem(token: Token, applied: boolean): Record<string, unknown> {
  return {
    ...tokenItemKey(token),
    d: token.amount,
    f: token.fingerprint,
    r: token.region,
    k: token.windows,
    t: token.acceptedAtMs,
    x: token.expiresAt,
    ...(applied ? { a: 1 } : {}),
  };
}

export const parseSeenToken = (item: Item): SeenToken => ({
  fingerprint: String(item.f),
  applied: item.a === 1,
  acceptedAtMs: Number(item.t ?? 0),
});

export const settingsItem = (subject: string, settings: SubjectSettings) => ({
  ...settingsItemKey(subject),
  z: settings.timeZone,
  o: settings.dayStart,
});

export const parseSettings = (item: Item): SubjectSettings => ({
  timeZone: String(item.z),
  dayStart: String(item.o),
});

function integer(value: unknown): bigint | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : undefined;
}
