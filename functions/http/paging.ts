/** One form for every list: at most `limit` entries from behind `cursor`, and the `next_cursor` of the rest. */
import * as v from 'valibot';
import { limits } from '../rules/limits.ts';
import { problemOfMistakes } from './mistake.ts';

const isLimit = (text: string): boolean =>
  /^[1-9]\d{0,3}$/.test(text) && Number(text) <= limits.pageEntries;

/** The parameters of a list. */
export const pagingQuery = {
  limit: v.optional(
    v.pipe(
      v.string(),
      v.check(isLimit, `must be a whole number from 1 to ${limits.pageEntries}`),
      v.description(
        `How many entries come in one answer, up to ${limits.pageEntries}, which is the default.`,
      ),
    ),
  ),
  cursor: v.optional(
    v.pipe(
      v.string(),
      v.description('The `next_cursor` of the answer before; left out for the first entries.'),
    ),
  ),
};

export interface Paging {
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

/** A cursor is the name of the last entry sent, so entries that come or go meanwhile disturb no other. */
export function pageOf<T>(
  entries: readonly T[],
  nameOf: (entry: T) => string,
  { limit, cursor }: Paging,
): { readonly page: readonly T[]; readonly next_cursor: string | null } {
  const after = cursor === undefined ? '' : nameIn(cursor);
  const rest = entries
    .map((entry) => ({ entry, name: nameOf(entry) }))
    .filter(({ name }) => name > after)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const page = rest.slice(0, Number(limit ?? limits.pageEntries));
  const last = page.at(-1);
  return {
    page: page.map(({ entry }) => entry),
    next_cursor: last && page.length < rest.length ? cursorOf(last.name) : null,
  };
}

const cursorOf = (name: string): string => Buffer.from(name).toString('base64url');

/** @throws Problem invalid_cursor */
function nameIn(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString();
  if (name !== '' && cursorOf(name) === cursor) return name;
  const detail = 'cursor must be the `next_cursor` of an answer.';
  throw problemOfMistakes([{ code: 'invalid_cursor', detail, place: { parameter: 'cursor' } }]);
}
