import { tableDefinition } from './table-definition.ts';

const { ttlAttribute: name } = tableDefinition;

/**
 * Goes on a list of SET: gives a new item its expiry, and leaves that of an old one. The value is
 * `:x`.
 *
 * @param expiresAt epoch seconds; undefined for an item that stays
 */
export const expiryClause = (expiresAt: number | undefined): string =>
  expiresAt === undefined ? '' : `, ${name} = if_not_exists(${name}, :x)`;
