/** The tables of items in docs/architecture.md, as data. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ItemRow {
  readonly prefix: string;
  readonly pk: string;
  readonly sk: string;
}

export interface ItemTables {
  /** By what code calls the kind of item: `sketchBlock`. */
  readonly items: Readonly<Record<string, ItemRow>>;
  /** For each kind of item, attributes by what code calls them. A name that goes on ends in `…`. */
  readonly attributes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function readItemTables(): ItemTables {
  const path = join(import.meta.dirname, '../../../docs/architecture.md');
  const sections = readFileSync(path, 'utf8').split(/^## /m);
  const section = sections.find((text) => text.startsWith('Items\n')) ?? '';
  const [itemTable = '', ...attributeTables] = section.split(/^### /m);
  const items = rowsOf(itemTable).map(
    ([prefix = '', item = '', pk = '', sk = '']) => [kindOf(item), { prefix, pk, sk }] as const,
  );
  const attributes = attributeTables.map((text) => {
    const rows = rowsOf(text).map(([attribute = '', name = '']) => [name, attribute] as const);
    return [kindOf(text.split('\n')[0] ?? ''), objectOf(rows)] as const;
  });
  return { items: objectOf(items), attributes: objectOf(attributes) };
}

/** The cells of the rows below a table's heading. */
function rowsOf(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

/** `API key` is `apiKey` in code. */
function kindOf(heading: string): string {
  const [first = '', ...rest] = heading.trim().toLowerCase().split(' ');
  return first + rest.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

/** @throws if two rows have the same name */
function objectOf<Row>(rows: readonly (readonly [name: string, row: Row])[]): Record<string, Row> {
  const object = Object.fromEntries(rows);
  if (Object.keys(object).length < rows.length) throw new Error(`twice: ${JSON.stringify(rows)}`);
  return object;
}
