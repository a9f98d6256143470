/** Registers, their pages, and tokens in their two forms, as the table holds them. */
import { type Entries, packEntry, unpackEntry } from '../rules/register.ts';
import type { RegisterItem, TokenForm } from '../store/register-store.ts';
import { cellAttributes, tokenAttributes as names, pageAttributes } from './attributes.ts';
import type { Item } from './item.ts';
import { integer, parseCell } from './items.ts';

/** Entries have names of twelve characters and numbers for values, as no other attribute has. */
const entryPattern = /^[\w-]{12}$/;

export const parseEntries = (item: Item): Entries =>
  new Map(
    Object.entries(item).flatMap(([name, value]) => {
      const packed = integer(value);
      return packed !== undefined && entryPattern.test(name) ? [[name, unpackEntry(packed)]] : [];
    }),
  );

export const parseRegister = (item: Item): RegisterItem => ({
  number: integer(item[cellAttributes.count]),
  cutOffMs: Number(item[cellAttributes.cutOffMs] ?? 0),
  entries: parseEntries(item),
  cell: parseCell(item),
});

export const pageItem = (page: Entries, expiresAt: number): Item => ({
  ...Object.fromEntries([...page].map(([name, entry]) => [name, packEntry(entry)])),
  [pageAttributes.expiresAt]: expiresAt,
});

export function tokenFormItem(form: TokenForm): Item {
  const common = {
    [names.fingerprint]: form.fingerprint,
    [names.region]: form.region,
    [names.windows]: form.windows,
    [names.expiresAt]: form.expiresAt,
  };
  return form.form === 'fact'
    ? { ...common, [names.amount]: form.amount, [names.acceptedAtMs]: form.acceptedAtMs }
    : { ...common, [names.claimedAtMs]: form.claimedAtMs, [names.shard]: form.shard };
}

export function parseTokenForm(item: Item): TokenForm {
  const windows = item[names.windows];
  const common = {
    fingerprint: String(item[names.fingerprint]),
    region: String(item[names.region]),
    windows: Array.isArray(windows) ? windows.map(String) : [],
    expiresAt: Number(item[names.expiresAt]),
  };
  const claimedAtMs = item[names.claimedAtMs];
  if (claimedAtMs !== undefined) {
    const shard = Number(item[names.shard]);
    return { ...common, form: 'claim', claimedAtMs: Number(claimedAtMs), shard };
  }
  const [amount, acceptedAtMs] = [item[names.amount], item[names.acceptedAtMs]].map(Number);
  return { ...common, form: 'fact', amount: amount ?? 0, acceptedAtMs: acceptedAtMs ?? 0 };
}
