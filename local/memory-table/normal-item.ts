/** Items as DynamoDB keeps them: numbers in one form, no key left empty, nothing too large. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../../functions/dynamo/table-definition.ts';
import { typeOf, type WireItem } from './attribute-values.ts';
import { normalNumber } from './decimal.ts';
import { invalid } from './refused.ts';

const { partitionKey, sortKey } = tableDefinition;
const keyBytes: Readonly<Record<string, number>> = { [partitionKey]: 2_048, [sortKey]: 1_024 };
export const mostItemBytes = 400 * 1_024;

export interface ItemName {
  readonly pk: string;
  readonly sk: string;
}

export const isKeyAttribute = (name: string): boolean => name === partitionKey || name === sortKey;

/** @throws a ValidationException if it is not a full key of the table, or more than one */
export function nameOfKey(key: WireItem | undefined): ItemName {
  if (key && Object.keys(key).length !== 2) {
    throw invalid('The provided key element does not match the schema');
  }
  return nameOfItem(key);
}

/** @throws a ValidationException if the item has no key */
export function nameOfItem(item: WireItem | undefined): ItemName {
  return { pk: keyText(item, partitionKey), sk: keyText(item, sortKey) };
}

function keyText(item: WireItem | undefined, attribute: string): string {
  const text = item?.[attribute]?.S;
  if (text === undefined) {
    throw invalid('One or more parameter values were invalid: a key is missing or of another type');
  }
  if (text === '' || Buffer.byteLength(text) > (keyBytes[attribute] ?? 0)) {
    throw invalid(
      `One or more parameter values are not valid: the size of the key ${attribute} is out of range`,
    );
  }
  return text;
}

export function normalItem(item: WireItem): WireItem {
  let normal: Record<string, AttributeValue> | undefined;
  for (const name in item) {
    const value = item[name];
    if (value === undefined) continue;
    const kept = normalValue(value);
    if (kept === value) continue;
    normal ??= { ...item };
    normal[name] = kept;
  }
  return normal ?? item;
}

/** @returns the very same if there is nothing to change */
function normalValue(value: AttributeValue): AttributeValue {
  const type = typeOf(value);
  if (type === 'SS' || type === 'NS' || type === 'BS') {
    throw new Error('the memory table knows no sets');
  }
  if (value.N !== undefined) return normalNumberValue(value, value.N);
  if (value.L !== undefined) return { L: value.L.map(normalValue) };
  if (value.M !== undefined) return { M: { ...normalItem(value.M) } };
  return value;
}

function normalNumberValue(value: AttributeValue, text: string): AttributeValue {
  try {
    const normal = normalNumber(text);
    return normal === text ? value : { N: normal };
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}
