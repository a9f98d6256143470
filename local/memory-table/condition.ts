/** Conditions: of writes, of what a query finds (filters), and of its keys. */
import { ExpressionText, type Operand } from './expression-text.ts';

export const comparators = ['=', '<>', '<', '<=', '>', '>='] as const;
export type Comparator = (typeof comparators)[number];

const functionNames = [
  'attribute_exists',
  'attribute_not_exists',
  'attribute_type',
  'begins_with',
  'contains',
] as const;
export type FunctionName = (typeof functionNames)[number];

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly of: Condition }
  | {
      readonly kind: 'compare';
      readonly comparator: Comparator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: 'between';
      readonly operand: Operand;
      readonly low: Operand;
      readonly high: Operand;
    }
  | { readonly kind: 'in'; readonly operand: Operand; readonly options: readonly Operand[] }
  | {
      readonly kind: 'call';
      readonly name: FunctionName;
      readonly first: Operand;
      readonly second?: Operand;
    };

export interface ParsedCondition {
  readonly condition: Condition;
  /** Its placeholders. */
  readonly used: ReadonlySet<string>;
}

/** @param expression as DynamoDB calls it: `ConditionExpression` … */
export function parseCondition(expression: string, text: string): ParsedCondition {
  const words = new ExpressionText(expression, text);
  const condition = parseOr(words);
  if (!words.isAtEnd) throw words.syntaxError();
  return { condition, used: words.used };
}

function parseOr(words: ExpressionText): Condition {
  let left = parseAnd(words);
  while (words.takeIf('OR')) left = { kind: 'or', left, right: parseAnd(words) };
  return left;
}

function parseAnd(words: ExpressionText): Condition {
  let left = parseNot(words);
  while (words.takeIf('AND')) left = { kind: 'and', left, right: parseNot(words) };
  return left;
}

function parseNot(words: ExpressionText): Condition {
  if (words.takeIf('NOT')) return { kind: 'not', of: parseNot(words) };
  if (!words.takeIf('(')) return parseSimple(words);
  const condition = parseOr(words);
  words.expect(')');
  return condition;
}

function parseSimple(words: ExpressionText): Condition {
  const name = functionNames.find((it) => it === words.peek().toLowerCase());
  if (name && words.peek(1) === '(') return parseCall(words, name);
  const operand = words.takeOperand();
  if (words.takeIf('BETWEEN')) {
    const low = words.takeOperand();
    words.expect('AND');
    return { kind: 'between', operand, low, high: words.takeOperand() };
  }
  if (words.takeIf('IN')) {
    words.expect('(');
    const options = words.takeList(() => words.takeOperand());
    words.expect(')');
    return { kind: 'in', operand, options };
  }
  const comparator = comparators.find((it) => words.takeIf(it));
  if (!comparator) throw words.syntaxError();
  return { kind: 'compare', comparator, left: operand, right: words.takeOperand() };
}

function parseCall(words: ExpressionText, name: FunctionName): Condition {
  words.take();
  words.expect('(');
  const isUnary = name === 'attribute_exists' || name === 'attribute_not_exists';
  const first: Operand = isUnary
    ? { kind: 'attribute', name: words.takeName() }
    : words.takeOperand();
  if (isUnary) {
    words.expect(')');
    return { kind: 'call', name, first };
  }
  words.expect(',');
  const second = words.takeOperand();
  words.expect(')');
  return { kind: 'call', name, first, second };
}
