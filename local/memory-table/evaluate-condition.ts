/** Whether an item fulfils a condition, and whether the condition can be asked at all. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { areEqual, compareValues, isOrdered, typeOf, type WireItem } from './attribute-values.ts';
import type { Comparator, Condition } from './condition.ts';
import type { Operand } from './expression-text.ts';
import type { Placeholders } from './placeholders.ts';
import { invalid } from './refused.ts';

export function isFulfilled(
  condition: Condition,
  item: WireItem,
  placeholders: Placeholders,
): boolean {
  const resolve = (operand: Operand) => operandValue(operand, item, placeholders);
  switch (condition.kind) {
    case 'and':
      return (
        isFulfilled(condition.left, item, placeholders) &&
        isFulfilled(condition.right, item, placeholders)
      );
    case 'or':
      return (
        isFulfilled(condition.left, item, placeholders) ||
        isFulfilled(condition.right, item, placeholders)
      );
    case 'not':
      return !isFulfilled(condition.of, item, placeholders);
    case 'compare':
      return compares(condition.comparator, resolve(condition.left), resolve(condition.right));
    case 'between': {
      const value = resolve(condition.operand);
      return (
        compares('>=', value, resolve(condition.low)) &&
        compares('<=', value, resolve(condition.high))
      );
    }
    case 'in': {
      const value = resolve(condition.operand);
      return condition.options.some((option) => compares('=', value, resolve(option)));
    }
    case 'call': {
      const { name, first, second } = condition;
      const value = resolve(first);
      if (name === 'attribute_exists') return value !== undefined;
      if (name === 'attribute_not_exists') return value === undefined;
      const other = second && resolve(second);
      if (value === undefined || other === undefined) return false;
      if (name === 'attribute_type') return typeOf(value) === other.S;
      return name === 'begins_with' ? beginsWith(value, other) : contains(value, other);
    }
  }
}

export function operandValue(
  operand: Operand,
  item: WireItem,
  placeholders: Placeholders,
): AttributeValue | undefined {
  switch (operand.kind) {
    case 'attribute':
      return item[placeholders.attribute(operand.name)];
    case 'value':
      return placeholders.value(operand.name);
    case 'size': {
      const size = sizeOf(operandValue(operand.of, item, placeholders));
      return size === undefined ? undefined : { N: String(size) };
    }
  }
}

/** What `size()` says: of numbers it says nothing. */
function sizeOf(value: AttributeValue | undefined): number | undefined {
  if (value?.S !== undefined) return Buffer.byteLength(value.S);
  if (value?.B !== undefined) return value.B.length;
  if (value?.L !== undefined) return value.L.length;
  return value?.M === undefined ? undefined : Object.keys(value.M).length;
}

function compares(
  comparator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  const areSame = left !== undefined && right !== undefined && areEqual(left, right);
  if (comparator === '=') return areSame;
  if (comparator === '<>') return !areSame;
  const order = left && right && compareValues(left, right);
  if (order === undefined) return false;
  switch (comparator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function beginsWith(value: AttributeValue, start: AttributeValue): boolean {
  if (value.S !== undefined && start.S !== undefined) return value.S.startsWith(start.S);
  if (value.B === undefined || start.B === undefined) return false;
  return Buffer.compare(value.B.subarray(0, start.B.length), start.B) === 0;
}

function contains(value: AttributeValue, part: AttributeValue): boolean {
  if (value.L !== undefined) return value.L.some((it) => areEqual(it, part));
  if (value.S !== undefined && part.S !== undefined) return value.S.includes(part.S);
  if (value.B === undefined || part.B === undefined) return false;
  return Buffer.from(value.B).includes(Buffer.from(part.B));
}

/**
 * What DynamoDB finds wrong with a condition before it looks at the item.
 *
 * @throws a ValidationException
 */
export function checkCondition(condition: Condition, placeholders: Placeholders): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      checkCondition(condition.left, placeholders);
      checkCondition(condition.right, placeholders);
      break;
    case 'not':
      checkCondition(condition.of, placeholders);
      break;
    case 'compare':
      if (condition.comparator !== '=' && condition.comparator !== '<>') {
        checkOrdered([condition.left, condition.right], placeholders);
      }
      checkDistinct(condition.left, [condition.right], placeholders);
      break;
    case 'between':
      checkBetween(condition, placeholders);
      break;
    case 'in':
      checkDistinct(condition.operand, condition.options, placeholders);
      break;
    case 'call':
      if (condition.second) checkCall(condition, condition.second, placeholders);
      break;
  }
}

type Between = Extract<Condition, { kind: 'between' }>;

function checkBetween({ operand, low, high }: Between, placeholders: Placeholders): void {
  checkOrdered([operand, low, high], placeholders);
  checkDistinct(operand, [low, high], placeholders);
  const [lowest, highest] = [low, high].map((it) => constantOf(it, placeholders));
  if (!lowest || !highest) return;
  const order = compareValues(lowest, highest);
  if (order === undefined || order > 0) {
    throw invalid(
      'The BETWEEN operator requires upper bound to be greater than or equal to lower bound',
    );
  }
}

function checkCall(
  { name, first }: Extract<Condition, { kind: 'call' }>,
  second: Operand,
  placeholders: Placeholders,
): void {
  checkDistinct(first, [second], placeholders);
  // A size is a number, whatever it is of.
  const other = second.kind === 'size' ? { N: '0' } : constantOf(second, placeholders);
  if (!other) return;
  if (name === 'begins_with' && other.S === undefined && other.B === undefined) {
    throw invalid('Incorrect operand type for operator or function; operator: begins_with');
  }
  if (name === 'attribute_type' && !typeNames.has(other.S ?? '')) {
    throw invalid('Invalid attribute type name found; valid types: S, N, B, NULL, BOOL, L, M …');
  }
}

const typeNames: ReadonlySet<string> = new Set('S N B BOOL NULL L M SS NS BS'.split(' '));

function constantOf(operand: Operand, placeholders: Placeholders): AttributeValue | undefined {
  return operand.kind === 'value' ? placeholders.value(operand.name) : undefined;
}

function checkOrdered(operands: readonly Operand[], placeholders: Placeholders): void {
  for (const operand of operands) {
    const value = constantOf(operand, placeholders);
    if (value && !isOrdered(typeOf(value))) {
      throw invalid('Incorrect operand type for operator or function; operator: <, >, BETWEEN');
    }
  }
}

function checkDistinct(
  first: Operand,
  others: readonly Operand[],
  placeholders: Placeholders,
): void {
  const name = attributeOf(first, placeholders);
  if (name !== undefined && others.some((it) => attributeOf(it, placeholders) === name)) {
    throw invalid(
      'The first operand must be distinct from the remaining operands for this operator or function',
    );
  }
}

const attributeOf = (operand: Operand, placeholders: Placeholders): string | undefined =>
  operand.kind === 'attribute' ? placeholders.attribute(operand.name) : undefined;
