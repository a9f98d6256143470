/** Attribute values in DynamoDB's own JSON: how they compare, and how many bytes they are billed as. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { compareNumbers, significantDigits } from './decimal.ts';

export type WireItem = Readonly<Record<string, AttributeValue>>;
export type ValueType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'L' | 'M' | 'SS' | 'NS' | 'BS';

export function typeOf(value: AttributeValue): ValueType {
  for (const type in value) return type as ValueType;
  throw new TypeError('an attribute value without a type');
}

/** Types that have an order. */
export const isOrdered = (type: ValueType): boolean => type === 'S' || type === 'N' || type === 'B';

/** @returns undefined for values of different types, or of one that has no order */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.N !== undefined) return b.N === undefined ? undefined : compareNumbers(a.N, b.N);
  if (a.S !== undefined) return b.S === undefined ? undefined : compareTexts(a.S, b.S);
  if (a.B !== undefined) return b.B === undefined ? undefined : Buffer.compare(a.B, b.B);
  return undefined;
}

/** UTF-16 sorts what is beyond the basic plane before the end of it, and UTF-8 after. */
const beyondBasicPlane = /[\ud800-\uffff]/;

/** By the bytes of UTF-8, as DynamoDB does. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  if (!beyondBasicPlane.test(a) && !beyondBasicPlane.test(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function areEqual(a: AttributeValue, b: AttributeValue): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  if (isOrdered(type)) return compareValues(a, b) === 0;
  if (a.L && b.L) return areEqualLists(a.L, b.L);
  if (a.M && b.M) return areEqualItems(a.M, b.M);
  return type === 'NULL' || a.BOOL === b.BOOL;
}

const areEqualLists = (a: readonly AttributeValue[], b: readonly AttributeValue[]): boolean =>
  a.length === b.length &&
  a.every((value, index) => {
    const other = b[index];
    return other !== undefined && areEqual(value, other);
  });

export function areEqualItems(a: WireItem, b: WireItem): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => {
      const [value, other] = [a[name], b[name]];
      return value !== undefined && other !== undefined && areEqual(value, other);
    })
  );
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function itemBytes(item: WireItem): number {
  let bytes = 0;
  for (const name in item) {
    const value = item[name];
    if (value) bytes += Buffer.byteLength(name) + valueBytes(value);
  }
  return bytes;
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.length;
  if (value.L !== undefined) return listBytes(value.L);
  if (value.M !== undefined) {
    return 3 + Object.keys(value.M).length + itemBytes(value.M);
  }
  return 1;
}

const listBytes = (values: readonly AttributeValue[]): number =>
  values.reduce((sum, value) => sum + 1 + valueBytes(value), 3);

/** One byte for two digits, one more, and one for the sign. */
function numberBytes(text: string): number {
  return Math.ceil(significantDigits(text) / 2) + (text.startsWith('-') ? 2 : 1);
}
